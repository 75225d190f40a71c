import { expect } from "vitest";
import { type LocalPresence, presenceOf } from "../../../actors/presence/local-presence.js";
import { Presence } from "../../../actors/presence/presence.js";
import type { PresenceCore } from "../../../actors/presence/presence-core.js";
import { findPresence } from "../../../actors/presence/presence-directory.js";
import type { PresenceOptions } from "../../../actors/presence/presence-options.js";
import type { PresenceDiff } from "../../../actors/presence/presence-record.js";
import {
  Actor,
  type ActorClass,
  type ActorRef,
  type ActorSystem,
  type AnyRef,
  type Report,
} from "../../../src/index.js";
import { createTestSystem } from "../../../src/testing/index.js";
import type { VirtualClock } from "../../../src/testing/virtual-clock.js";
import { child, Supervisor } from "../../../supervisors/index.js";
import { Doer } from "../../kernel/doer.js";

/** A diff that was broadcast, without the refs. */
export type Told = readonly [topic: string, joins: unknown, leaves: unknown];

/** Stands where an endpoint has its topics, and notes what is broadcast. */
class FakeTopics extends Actor<(topic: string, event: string, payload: PresenceDiff) => void> {
  #note: (topic: string, event: string, payload: PresenceDiff) => void = () => undefined;

  override init(note: (topic: string, event: string, payload: PresenceDiff) => void): void {
    this.#note = note;
  }

  announce(topic: string, event: string, payload: PresenceDiff): number {
    this.#note(topic, event, JSON.parse(JSON.stringify(payload)) as PresenceDiff);
    return 1;
  }
}

interface TreeStart {
  readonly presenceClass: ActorClass<Presence>;
  readonly options: PresenceOptions;
  readonly note: (topic: string, event: string, payload: PresenceDiff) => void;
}

class Tree extends Supervisor<TreeStart> {
  override init({ presenceClass, options, note }: TreeStart) {
    return {
      intensity: 10,
      children: [
        child(FakeTopics, { id: "topics", name: `${options.endpoint ?? "endpoint"}.topics`, args: note }),
        child(presenceClass, { id: "presence", name: "presence.keeper", args: options }),
      ],
    };
  }
}

/** A system with a supervised presence on virtual time, what it broadcasts, and actors that end with the test. */
export interface PresenceStage {
  readonly system: ActorSystem;
  readonly clock: VirtualClock;
  readonly presence: LocalPresence;
  readonly reports: readonly Report[];
  /** Every diff so far. */
  readonly diffs: (readonly [topic: string, diff: PresenceDiff])[];
  readonly core: PresenceCore;
  keeper(): ActorRef<Presence>;
  actor(): ActorRef<Doer>;
  kill(...refs: readonly AnyRef[]): Promise<void>;
  /** Lets the time of a batch pass, and gives the diffs that came: who joined and who left, by key, as the app's metas. */
  told(): Promise<Told[]>;
  /** Ends all actors, checks that nobody is left, and stops the system. */
  end(): Promise<void>;
}

/** The metas by key, without their marks. */
export function metasOf(presences: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(presences).map(([key, { metas }]: [string, { metas: readonly object[] }]) => [
      key,
      metas.map((meta) =>
        Object.fromEntries(Object.entries(meta).filter(([name]) => !/^phx_(ref|ref_prev)$/.test(name))),
      ),
    ]),
  );
}

/** Makes a {@link PresenceStage}. */
export async function stagePresence(
  options: PresenceOptions = {},
  presenceClass: ActorClass<Presence> = Presence,
): Promise<PresenceStage> {
  const diffs: (readonly [string, PresenceDiff])[] = [];
  const note = (topic: string, event: string, payload: PresenceDiff): void => {
    expect(event).toBe("presence_diff");
    diffs.push([topic, payload]);
  };
  const rootArgs: TreeStart = { presenceClass, options, note };
  const { system, clock, reports, stop } = await createTestSystem({ root: Tree, rootArgs });
  const actors: ActorRef<Doer>[] = [];
  let read = 0;
  const kill = async (...refs: readonly AnyRef[]): Promise<void> => {
    for (const ref of refs) system.exit(ref, "kill");
    await clock.settle();
  };
  return {
    system,
    clock,
    reports,
    diffs,
    kill,
    presence: presenceOf(system, options.name),
    core: findPresence(system, options.name ?? "presence"),
    keeper() {
      const keeper = system.whereis<Presence>("presence.keeper");
      if (keeper === undefined) throw new Error("the presence is not running");
      return keeper;
    },
    actor() {
      const ref = system.spawn(Doer, undefined);
      actors.push(ref);
      return ref;
    },
    async told() {
      await clock.settle();
      await clock.advance(options.batchMs ?? 50);
      const fresh = diffs.slice(read);
      read = diffs.length;
      return fresh.map(([topic, { joins, leaves }]) => [topic, metasOf(joins), metasOf(leaves)] as const);
    },
    async end() {
      const core = findPresence(system, options.name ?? "presence");
      await kill(...actors);
      await clock.advance(options.batchMs ?? 50);
      const { table, state, owners, pending, waiting } = core;
      expect([table.size, table.topics, state.size, owners, pending.size, waiting]).toEqual([0, 0, 0, 0, 0, 0]);
      await stop();
    },
  };
}
