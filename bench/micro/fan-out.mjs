/**
 * Milliseconds until each of 100,000 members of a group has handled one message: `members` and `cast`, `pg:get_members` and `!`.
 *
 * comedy and nact have no groups and send to a list; comedy to one of 20,000, and its time is counted for 100,000.
 *
 * @import { Durations } from "./meter.mjs"
 * @import { ActorRef } from "../../src/index.js"
 */
import { loadKernel, startComedy, startNact } from "../harness/packages.mjs";
import { MANY, medianRound } from "./meter.mjs";

const COMEDY_MEMBERS = 20_000;

/** @param {Durations} durations */
export async function holdfast(durations) {
  const { Actor, createSystem } = await loadKernel();
  let left = 0;
  let allHandled = () => {};

  class Member extends Actor {
    /** @override */
    init() {
      this.joinGroup("bench");
    }
    news() {
      if (--left === 0) allHandled();
    }
  }

  class Publisher extends Actor {
    publish() {
      /** @type {ActorRef<Member>[]} */
      const members = this.system.members("bench");
      for (const member of members) member.cast.news();
    }
  }

  const system = await createSystem();
  for (let i = 0; i < MANY; i++) await system.start(Member);
  const publisher = await system.start(Publisher);
  return medianRound(durations, async () => {
    left = MANY;
    const done = new Promise((resolve) => {
      allHandled = () => resolve(undefined);
    });
    const startedAtMs = performance.now();
    publisher.cast.publish();
    await done;
    return performance.now() - startedAtMs;
  });
}

/** @param {Durations} durations */
export async function comedy(durations) {
  const root = await startComedy();
  let left = 0;
  let allHandled = () => {};
  /** @type {import("../harness/packages.mjs").ComedyActor[]} */ const members = [];
  for (let i = 0; i < COMEDY_MEMBERS; i++) {
    members.push(
      await root.createChild({
        news() {
          if (--left === 0) allHandled();
        },
      }),
    );
  }
  const ms = await medianRound(durations, async () => {
    left = COMEDY_MEMBERS;
    const done = new Promise((resolve) => {
      allHandled = () => resolve(undefined);
    });
    const startedAtMs = performance.now();
    for (const member of members) member.send("news");
    await done;
    return performance.now() - startedAtMs;
  });
  return (ms * MANY) / COMEDY_MEMBERS;
}

/** @param {Durations} durations */
export async function nact(durations) {
  const { system, spawn, dispatch } = await startNact();
  let left = 0;
  let allHandled = () => {};
  const news = () => {
    if (--left === 0) allHandled();
  };
  const members = Array.from({ length: MANY }, () => spawn(system, news));
  return medianRound(durations, async () => {
    left = MANY;
    const done = new Promise((resolve) => {
      allHandled = () => resolve(undefined);
    });
    const startedAtMs = performance.now();
    for (const member of members) dispatch(member, "news");
    await done;
    return performance.now() - startedAtMs;
  });
}
