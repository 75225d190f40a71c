import type { AnyRef, ExitReason } from "../../src/index.js";
import type { HandlerId } from "./event-handler.js";

/** What adding a handler answers. `init_failed`: its `init` threw or asked not to be installed, `error` says why; nothing of it is left. */
export type AddHandlerResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: "init_failed"; readonly error: ExitReason }
  | { readonly ok: false; readonly reason: "owner_required" };

/** What deleting a handler answers: what its `terminate` returned. `exit`: it threw, and is gone. */
export type DeleteHandlerResult =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly reason: "module_not_found" }
  | { readonly ok: false; readonly reason: "exit"; readonly error: ExitReason };

/**
 * What a call to a handler answers.
 *
 * `bad_module`: there is no such handler. `bad_call`: it answers no calls. `exit`: it failed, and is removed.
 */
export type CallHandlerResult<Reply = unknown> =
  | { readonly ok: true; readonly reply: Reply }
  | { readonly ok: false; readonly reason: "bad_module" | "bad_call" }
  | { readonly ok: false; readonly reason: "exit"; readonly error: ExitReason };

/** One installed handler, as `whichHandlers` shows it. */
export interface HandlerEntry {
  /** The name of its class. */
  readonly handler: string;
  /** `undefined` where it was given none. */
  readonly id: HandlerId | undefined;
}

/** One installed handler with its state. */
export interface HandlerState extends HandlerEntry {
  readonly state: unknown;
}

/** What the inspector is shown of an event manager. */
export interface EventManagerStatus {
  readonly kind: "event-manager";
  /** How many handlers there are. */
  readonly size: number;
  /** Events handled since the start. */
  readonly events: number;
  /** Handlers removed because they failed, since the start. */
  readonly failed: number;
  /** The handlers, the newest first, at most 100; `owner` is who supervises it. */
  readonly handlers: readonly (HandlerState & { readonly owner: string | undefined })[];
}

/**
 * What the owner of a supervised handler is sent, to its `handleInfo`, when the handler is removed: `gen_event_EXIT`.
 *
 * `reason` is `"normal"` when it was deleted or removed itself, `"shutdown"` when the manager stopped, `{ swapped }` when another took its place,
 * and else why it failed.
 */
export class HandlerExit {
  readonly manager: AnyRef;
  readonly handler: string;
  readonly id: HandlerId | undefined;
  readonly reason: ExitReason;

  constructor(manager: AnyRef, { handler, id }: HandlerEntry, reason: ExitReason) {
    this.manager = manager;
    this.handler = handler;
    this.id = id;
    this.reason = reason;
  }
}
