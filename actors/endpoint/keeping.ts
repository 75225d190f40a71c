import type { ActorRef, ActorSystem, AnyRef } from "../../src/index.js";
import type { Store } from "../../src/store/store-port.js";
import type { HeardRecord } from "../topic/heard-record.js";
import type { Recall } from "./recall.js";
import { RestoreTurns } from "./restore-turns.js";
import { StoreWriter } from "./store-writer.js";

/** What an endpoint does to keep its sessions. */
export interface Keeping {
  readonly writer: StoreWriter;
  /** What was read of the store before anything else began, until it is brought back. */
  recalled: Recall | undefined;
  /** Up to which messages of other nodes an earlier life of this one has heard them, until somebody goes on from there. */
  heard: HeardRecord | undefined;
  /** Channels of sessions that have ended and will be back: nothing comes back while they are at work. */
  readonly ending: Set<AnyRef>;
  /** Those who bring sessions back. */
  readonly turns: RestoreTurns;
  /** The actor of a session has ended that is in the store; one that crashed comes back when its channels have ended. */
  left(sid: string, channels: readonly AnyRef[], crashed: boolean): void;
  /** A session that had crashed is back, or is not coming. */
  settled(sid: string): void;
  /** Resolves when a session that has crashed is back, or is not coming; `undefined` for one that has not. */
  coming(sid: string): Promise<void> | undefined;
  /** Those that have crashed and are not back yet. */
  readonly awaited: readonly string[];
  /** A session has assigns that have no JSON form. */
  unkeepable(user: string | undefined): void;
}

interface Coming {
  readonly promise: Promise<void>;
  readonly back: () => void;
}

interface Reviving {
  revive(sid: string, channels: readonly AnyRef[]): void | Promise<void>;
}

/** Those whose sessions will be back from a store, be it under another endpoint. */
const endingOf = new WeakMap<Store, Set<AnyRef>>();

/** Keeps the sessions of an endpoint in a store. `sessionsName` and `restorerName` are those of actors. */
export function keepingOf(store: Store, system: ActorSystem, sessionsName: string, restorerName: string): Keeping {
  let told = false;
  const ending = endingOf.get(store) ?? new Set<AnyRef>();
  endingOf.set(store, ending);
  const coming = new Map<string, Coming>();
  const writer = new StoreWriter({
    store,
    clock: system.clock,
    report: (level, type, text, error) =>
      system.report({ type, level, text: `the endpoint: ${text}`, details: error === undefined ? {} : { error } }),
  });
  return {
    writer,
    recalled: undefined,
    heard: undefined,
    ending,
    // Of this endpoint alone: what one that has ended still waits for may never come, as its writer writes nothing any more.
    turns: new RestoreTurns(),
    left(sid, channels, crashed) {
      // Another node has it by now, or will.
      if (writer.isSealed) return;
      // When all of them have, all of them are restored.
      if (!crashed || system.whereis(sessionsName) === undefined) {
        for (const channel of channels) ending.add(channel);
        return;
      }
      const restorer: ActorRef<Reviving> | undefined = system.whereis<Reviving>(restorerName);
      if (restorer === undefined) return;
      let back: () => void = () => undefined;
      const promise = new Promise<void>((resolve) => {
        back = resolve;
      });
      coming.set(sid, { promise, back });
      restorer.cast.revive(sid, channels);
    },
    settled(sid) {
      coming.get(sid)?.back();
      coming.delete(sid);
    },
    coming: (sid) => coming.get(sid)?.promise,
    get awaited() {
      return [...coming.keys()];
    },
    unkeepable(user) {
      if (told) return;
      told = true;
      system.report({
        type: "session_not_kept",
        level: "warning",
        text: `the endpoint cannot keep the session of ${user ?? "an anonymous client"} across a restart: authenticate gave it assigns that have no JSON form. This is told once`,
        details: { user },
      });
    },
  };
}
