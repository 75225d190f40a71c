import type { ActorSystem, AnyRef, Clock } from "../../src/index.js";
import { type Cell, cellOf } from "../../src/kernel/cell.js";
import { type Answer, Channel, error, type Gap, ok } from "../../actors/index.js";
import type { ChannelClass } from "../../actors/channel/channel.js";
import type { Overflow } from "../../actors/channel/overflow.js";
import { type EffectOf, type Ledger, ONLY_PROCESS, Violation } from "./ledger.js";
import { payloadOf, readPayload } from "./payload.js";

/** A push of the simulation. */
export interface Said {
  readonly n: number;
  readonly slowMs: number;
  readonly idempotent: boolean;
}

/** What a channel pushes to its client for each push of that: which channel, and a count. */
export interface Heard {
  readonly instance: number;
  readonly k: number;
}

/** How a channel does not come back. */
export type Refusal = "throw" | "refuse";

/** What the channels of a simulation have in common. */
export interface RoomSurroundings {
  readonly ledger: Ledger;
  readonly durable: boolean;
  /** How long a channel takes for the snapshot that makes up for a gap; without it there are none. */
  readonly snapshotMs?: number | undefined;
  /** Channels, by their user and their topic, that will not come back the next time. */
  readonly refusals?: Map<string, Refusal>;
  readonly failed: (violation: Violation) => void;
  /** The process in which they run; one alone by default. */
  readonly process?: string;
  /** Told of each that begins, also of one that is back. */
  readonly began?: (room: StartedRoom) => void;
  /** Told of each effect, in its moment. */
  readonly acts?: (what: string) => void;
}

/** A channel that has begun. */
export interface StartedRoom {
  readonly system: ActorSystem;
  readonly ref: AnyRef;
  readonly topic: string;
  readonly user: string;
}

/** The class of channels with that policy that write all that happens to them into a ledger. */
export function roomClass(policy: Overflow, surroundings: RoomSurroundings): ChannelClass {
  const { ledger, durable, snapshotMs, refusals, failed, process = ONLY_PROCESS } = surroundings;
  const watch = (act: () => void): void => {
    try {
      act();
    } catch (thrown) {
      // Inside an actor it would only be a crash.
      if (!(thrown instanceof Violation)) throw thrown;
      failed(thrown);
    }
  };
  class Room extends Channel {
    static override readonly overflow: Overflow = policy;
    /** What its client knows it by, also after it has come back. */
    #instance = -1;
    /** What the ledger knows it by. */
    #entry = -1;
    #k = 0;
    #last = 0;

    override join(): Answer {
      this.#entry = ledger.began(this.user ?? "", this.topic, endpointOf(process, cellOf(this.self())));
      this.#instance = this.#entry;
      this.#watchEnds();
      return ok({ instance: this.#instance });
    }

    override handleIn(event: string, payload: unknown): Answer | Promise<Answer> {
      if (event === "crash") throw new Error("a crash was asked for");
      const binary = payload instanceof Uint8Array;
      const { n, slowMs, idempotent } = saidIn(readPayload(payload));
      const effect: EffectOf = {
        user: this.user ?? "",
        topic: this.topic,
        n,
        instance: this.#entry,
        idempotent,
      };
      surroundings.acts?.(`push ${n} of ${this.user} on ${this.topic}`);
      watch(() => {
        if (durable && n <= this.#last) {
          throw new Violation(`push ${n} of ${this.user} on ${this.topic} came again, though ${this.#last} was kept`);
        }
        ledger.effect(effect);
      });
      this.#last = n;
      this.#k += 1;
      const heard: Heard = { instance: this.#instance, k: this.#k };
      this.push("heard", payloadOf(heard, binary));
      const answer = (): Answer => {
        ledger.idle(this.#entry);
        return ok(payloadOf({ n, instance: this.#instance }, binary));
      };
      return slowMs === 0 ? answer() : later(this.system.clock, slowMs, answer);
    }

    override saveState(): unknown {
      return { instance: this.#instance, k: this.#k, last: this.#last };
    }

    override handleRestore(state: { readonly instance: number; readonly k: number; readonly last: number }): Answer {
      const place = `${this.user} ${this.topic}`;
      const refusal = refusals?.get(place);
      refusals?.delete(place);
      if (refusal === "throw") throw new Error("it was asked not to come back");
      if (refusal === "refuse") return error({ reason: "it was asked not to come back" });
      ({ instance: this.#instance, k: this.#k, last: this.#last } = state);
      watch(() => ledger.checkMemory(this.#instance, this.#last));
      this.#entry = ledger.revived(this.user ?? "", this.topic, endpointOf(process, cellOf(this.self())), this.#last);
      this.#watchEnds();
      return ok();
    }

    #watchEnds(): void {
      const entry = this.#entry;
      this.system.onExit(this.session, () => ledger.orphaned(entry));
      this.system.onExit(this.self(), (reason) => {
        if (reason === "killed") ledger.wasKilled(entry);
      });
      surroundings.began?.({ system: this.system, ref: this.self(), topic: this.topic, user: this.user ?? "" });
    }

    override terminate(): void {
      // One that did not come back has not begun.
      if (this.#entry >= 0) watch(() => ledger.terminated(this.#entry));
    }
  }
  if (snapshotMs === undefined) return Room;
  return class MakingUp extends Room {
    override async handleGap({ to }: Gap): Promise<void> {
      await pause(this.system.clock, snapshotMs);
      this.push("snapshot", { to });
    }
  };
}

/** The endpoint of a channel: its session's supervisor is a child of that. */
function endpointOf(process: string, channel: Cell): string {
  return `${process} ${channel.parent?.parent?.parent?.id ?? 0}`;
}

async function later(clock: Clock, slowMs: number, answer: () => Answer): Promise<Answer> {
  await pause(clock, slowMs);
  return answer();
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.setTimer(ms, resolve));
}

function saidIn(payload: unknown): Said {
  const { n, slowMs, idempotent }: Partial<Said> = typeof payload === "object" && payload !== null ? payload : {};
  return { n: n ?? Number.NaN, slowMs: slowMs ?? 0, idempotent: idempotent === true };
}
