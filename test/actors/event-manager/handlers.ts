import { type ExitReason, readState, writeState } from "holdfast";
import { EventHandler, handler, type HandlerStop, type Swapped } from "../../../actors/event-manager/event-handler.js";

/** Where handlers write down what happens to them. */
export type Journal = unknown[];

/** What the recorder is given. */
export interface RecorderArgs {
  readonly journal: Journal;
  readonly title?: string;
  /** How its `init` ends. */
  readonly init?: "stop" | "throw" | "garbage";
}

/** An event that tells a recorder what to do, or anything else, which it only notes. */
export type Order =
  | { readonly do: "remove" | "hibernate" | "throw" | "reject" | "garbage" }
  | { readonly do: "swap"; readonly title: string }
  | { readonly do: "wait"; readonly until: Promise<void> }
  | { readonly do: "nothing" }
  | string;

/** What a recorder may be asked in a call. */
export type Request = "title" | "throw" | "remove" | "later" | "swap";

/** A handler that writes everything down. */
export class Recorder extends EventHandler<RecorderArgs, Order, Request, string> {
  #journal: Journal = [];
  #title = "recorder";

  override init(
    { journal, title = "recorder", init }: RecorderArgs,
    swapped?: Swapped,
  ): undefined | { stop: ExitReason } {
    this.#journal = journal;
    this.#title = title;
    if (init === "stop") return { stop: "my_error" };
    if (init === "throw") throw new Error("no init");
    if (init === "garbage") return JSON.parse("7");
    this.#note(swapped === undefined ? "init" : { init: swapped });
    return undefined;
  }

  override handleEvent(event: Order): void | Promise<void> {
    if (typeof event === "string") return this.#note(event);
    this.#note(event.do);
    switch (event.do) {
      case "remove":
        return this.remove();
      case "hibernate":
        return this.hibernate();
      case "swap":
        return this.swap("swap args", handler(Recorder, { args: { journal: this.#journal, title: event.title } }));
      case "throw":
        throw new Error("event failed");
      case "reject":
        return Promise.reject(new Error("event failed later"));
      case "garbage":
        return JSON.parse('"garbage"');
      case "wait":
        return event.until.then(() => this.#note("waited"));
      case "nothing":
        return undefined;
    }
  }

  override handleCall(request: Request): string | Promise<string> {
    if (request === "throw") throw new Error("call failed");
    if (request === "remove") this.remove();
    if (request === "swap") this.swap("asked", handler(Recorder, { args: { journal: this.#journal, title: "next" } }));
    return request === "later" ? Promise.resolve("later") : this.#title;
  }

  override handleInfo(message: unknown): void {
    this.#note({ info: message });
  }

  override async codeChange(oldVersion: unknown, extra: unknown): Promise<void> {
    await Promise.resolve();
    const before = this.#title;
    this.#title = `${before} since ${String(extra)}`;
    if (oldVersion === before) throw new Error("too old");
  }

  override terminate(reason: HandlerStop): unknown {
    this.#note({ terminate: reason });
    if (typeof reason === "object" && "args" in reason && reason.args === "throw") throw new Error("terminate failed");
    return `${this.#title} is done`;
  }

  override formatStatus(): unknown {
    if (this.#title === "secretive") throw new Error("not shown");
    return { title: this.#title };
  }

  override [readState](): unknown {
    return this.#title;
  }

  override [writeState](state: unknown): void {
    this.#title = String(state);
  }

  #note(what: unknown): void {
    this.#journal.push(this.#title === "recorder" ? what : [this.#title, what]);
  }
}

/** A handler with nothing but what is required. */
export class Plain extends EventHandler {
  count = 0;

  override handleEvent(): void {}
}
