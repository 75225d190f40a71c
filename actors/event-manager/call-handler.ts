import type { ActorRef } from "../../src/index.js";
import type { EventHandler, HandlerKey } from "./event-handler.js";
import type { CallHandlerResult } from "./event-results.js";

type RequestOf<Handler> = Handler extends EventHandler<never, never, infer Request> ? Request : never;
type ReplyOf<Handler> = Handler extends { handleCall(request: never): infer Returned } ? Awaited<Returned> : never;

/** What is asked of a manager here, whatever its events are. */
export interface CallsHandlers {
  callHandler(key: HandlerKey, request: unknown): Promise<CallHandlerResult>;
}

/**
 * Calls one handler of an event manager, and waits 5,000 ms at most, or `timeoutMs`.
 *
 * It sends the message `callHandler`, and knows the types of request and reply.
 *
 * ```ts
 * const answer = await callHandler(events, Audit, { count: "today" });
 * if (answer.ok) show(answer.reply);
 * ```
 *
 * @throws {CallError} when the manager has ended, or does not answer in time
 */
export function callHandler<Handler extends EventHandler<never, never, never>>(
  manager: ActorRef<CallsHandlers>,
  key: HandlerKey<Handler>,
  request: RequestOf<Handler>,
  timeoutMs?: number,
): Promise<CallHandlerResult<ReplyOf<Handler>>>;
// The manager knows its handlers as handlers of any class; what one answers is written down in its class alone.
export function callHandler(
  manager: ActorRef<CallsHandlers>,
  key: HandlerKey,
  request: unknown,
  timeoutMs = 5_000,
): Promise<CallHandlerResult> {
  return manager.callWithin(timeoutMs).callHandler(key, request);
}
