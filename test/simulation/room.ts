import type { Clock } from "../../src/index.js";
import { type Answer, Channel, ok } from "../../actors/index.js";
import type { ChannelClass } from "../../actors/channel/channel.js";
import { type Ledger, Violation } from "./ledger.js";

/** A push of the simulation. */
export interface Said {
  readonly n: number;
  readonly slowMs: number;
}

/** What a channel pushes to its client for each push of that: which channel, and a count. */
export interface Heard {
  readonly instance: number;
  readonly k: number;
}

/** The class of channels that write all that happens to them into a ledger. */
export function roomClass(ledger: Ledger, durable: boolean, failed: (violation: Violation) => void): ChannelClass {
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
    /** What its client knows it by, also after it has come back. */
    #instance = -1;
    /** What the ledger knows it by. */
    #entry = -1;
    #k = 0;
    #last = 0;

    override join(): Answer {
      this.#entry = ledger.began(this.user ?? "", this.topic);
      this.#instance = this.#entry;
      return ok({ instance: this.#instance });
    }

    override handleIn(event: string, payload: Said): Answer | Promise<Answer> {
      if (event === "crash") throw new Error("a crash was asked for");
      watch(() => {
        if (durable && payload.n <= this.#last) {
          throw new Violation(
            `push ${payload.n} of ${this.user} on ${this.topic} came again, though ${this.#last} was kept`,
          );
        }
        ledger.effect(this.user ?? "", this.topic, payload.n, this.#entry);
      });
      this.#last = payload.n;
      this.#k += 1;
      const heard: Heard = { instance: this.#instance, k: this.#k };
      this.push("heard", heard);
      return payload.slowMs === 0 ? ok({ n: payload.n }) : later(this.system.clock, payload);
    }

    override saveState(): unknown {
      return { instance: this.#instance, k: this.#k, last: this.#last };
    }

    override handleRestore(state: { readonly instance: number; readonly k: number; readonly last: number }): void {
      ({ instance: this.#instance, k: this.#k, last: this.#last } = state);
      this.#entry = ledger.revived(this.user ?? "", this.topic, this.#last);
    }

    override terminate(): void {
      watch(() => ledger.terminated(this.#entry));
    }
  };
}

async function later(clock: Clock, { n, slowMs }: Said): Promise<Answer> {
  await new Promise<void>((resolve) => {
    clock.setTimer(slowMs, resolve);
  });
  return ok({ n });
}
