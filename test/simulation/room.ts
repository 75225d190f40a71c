import type { Clock } from "../../src/index.js";
import { type Cell, cellOf } from "../../src/kernel/cell.js";
import { type Answer, Channel, ok } from "../../actors/index.js";
import type { ChannelClass } from "../../actors/channel/channel.js";
import type { Overflow } from "../../actors/channel/overflow.js";
import { type EffectOf, type Ledger, Violation } from "./ledger.js";
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

/** What the channels of a simulation have in common. */
export interface RoomSurroundings {
  readonly ledger: Ledger;
  readonly durable: boolean;
  readonly failed: (violation: Violation) => void;
}

/** The class of channels with that policy that write all that happens to them into a ledger. */
export function roomClass(policy: Overflow, { ledger, durable, failed }: RoomSurroundings): ChannelClass {
  const watch = (act: () => void): void => {
    try {
      act();
    } catch (thrown) {
      // Inside an actor it would only be a crash.
      if (!(thrown instanceof Violation)) throw thrown;
      failed(thrown);
    }
  };
  return class Room extends Channel {
    static override readonly overflow: Overflow = policy;
    /** What its client knows it by, also after it has come back. */
    #instance = -1;
    /** What the ledger knows it by. */
    #entry = -1;
    #k = 0;
    #last = 0;

    override join(): Answer {
      this.#entry = ledger.began(this.user ?? "", this.topic, endpointOf(cellOf(this.self())));
      this.#instance = this.#entry;
      this.#watchSession();
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
      const answer = (): Answer => ok(payloadOf({ n, instance: this.#instance }, binary));
      return slowMs === 0 ? answer() : later(this.system.clock, slowMs, answer);
    }

    override saveState(): unknown {
      return { instance: this.#instance, k: this.#k, last: this.#last };
    }

    override handleRestore(state: { readonly instance: number; readonly k: number; readonly last: number }): void {
      ({ instance: this.#instance, k: this.#k, last: this.#last } = state);
      watch(() => ledger.checkMemory(this.#instance, this.#last));
      this.#entry = ledger.revived(this.user ?? "", this.topic, endpointOf(cellOf(this.self())), this.#last);
      this.#watchSession();
    }

    #watchSession(): void {
      const entry = this.#entry;
      this.system.onExit(this.session, () => ledger.orphaned(entry));
    }

    override terminate(): void {
      watch(() => ledger.terminated(this.#entry));
    }
  };
}

/** The endpoint of a channel: its session's supervisor is a child of that. */
function endpointOf(channel: Cell): number {
  return channel.parent?.parent?.parent?.id ?? 0;
}

async function later(clock: Clock, slowMs: number, answer: () => Answer): Promise<Answer> {
  await new Promise<void>((resolve) => {
    clock.setTimer(slowMs, resolve);
  });
  return answer();
}

function saidIn(payload: unknown): Said {
  const { n, slowMs, idempotent }: Partial<Said> = typeof payload === "object" && payload !== null ? payload : {};
  return { n: n ?? Number.NaN, slowMs: slowMs ?? 0, idempotent: idempotent === true };
}
