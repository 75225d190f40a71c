import { Actor, type ActorRef, type Deferred } from "holdfast";
import type { StateFunctions } from "../../../actors/state-machine/state-functions.js";
import { StateMachine } from "../../../actors/state-machine/state-machine.js";
import type { StateInit } from "../../../actors/state-machine/state-result.js";

/** What the lock of the guide is made of. */
export interface Lock {
  state: "locked" | "open";
  data: { readonly code: string; readonly entered: string };
  events: { button(digit: string): void; length(): number };
}

/** The lock of the guide. */
export class CodeLock extends StateMachine<Lock, { code: string }> {
  override init({ code }: { code: string }): StateInit<Lock> {
    return { state: "locked", data: { code, entered: "" } };
  }

  /** A message of its own name, for callers that need not know of a machine. */
  length(): Deferred<number> | Promise<Deferred<number>> {
    return this.event("length");
  }

  override readonly states: StateFunctions<Lock> = {
    locked: (event, data) => {
      if (event.type !== "cast" || event.name !== "button") return { postpone: true };
      const [digit] = event.args;
      const entered = data.entered + digit;
      return entered === data.code ? { next: "open", data: { ...data, entered: "" } } : { data: { ...data, entered } };
    },
    open: {
      enter: () => ({ actions: [{ type: "state_timeout", afterMs: 10_000 }] }),
      handle: (event, data) => {
        if (event.type === "state_timeout") return { next: "locked" };
        if (event.type === "call" && event.name === "length") event.from.reply(data.code.length);
        return {};
      },
    },
  };
}

/** What needs a lock's length needs no more than this of it. */
export class Asker extends Actor<ActorRef<{ length(): Deferred<number> }>> {
  #lock: ActorRef<{ length(): Deferred<number> }> | undefined;
  override init(lock: ActorRef<{ length(): Deferred<number> }>): void {
    this.#lock = lock;
  }
  ask(): Promise<number | undefined> {
    return this.#lock?.call.length() ?? Promise.resolve(undefined);
  }
}
