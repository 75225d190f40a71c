import { BadArgumentError, whatCame } from "../../src/index.js";
import { isReservedEvent } from "../../src/protocol/names.js";
import type { LogRule, LogStart } from "./topic-logs.js";
import { checkPattern, isPattern } from "./topic-name.js";
import type { TopicRules } from "./topic-rules.js";

/** Checks an event and its payload. @throws {BadArgumentError} for what cannot be sent */
export function checkMessage(event: string, payload: unknown): void {
  if (typeof event !== "string" || event === "" || isReservedEvent(event)) {
    throw new BadArgumentError(
      `Expected the name of an event that is not the protocol's own (phx_…), got ${whatCame(event)}`,
    );
  }
  if (typeof payload === "object" && payload !== null) return;
  throw new BadArgumentError(`Expected the payload of ${whatCame(event)} to be an object, got ${whatCame(payload)}`);
}

/** Checks how somebody subscribes; gives the rule of the topic's log, if it has one. @throws {BadArgumentError} for what cannot be subscribed to */
export function checkSubscribing(
  topic: string,
  { from, conflateMs }: { readonly from?: LogStart | undefined; readonly conflateMs?: number | undefined },
  rules: TopicRules,
): LogRule | undefined {
  checkPattern(topic);
  if (conflateMs !== undefined && !(Number.isFinite(conflateMs) && conflateMs > 0)) {
    throw new BadArgumentError(
      `Expected conflateMs to be a number of milliseconds above 0, got ${whatCame(conflateMs)}`,
    );
  }
  const log = isPattern(topic) ? undefined : rules.find(topic)?.log;
  if (from === undefined) return log;
  checkStart(from);
  if (log !== undefined) return log;
  throw new BadArgumentError(
    `Expected from only for one topic that has a log, by the option topics of Topics; ${whatCame(topic)} has none`,
  );
}

function checkStart(from: LogStart): void {
  if (from === "oldest") return;
  const isPosition = typeof from === "object" && from !== null && typeof from.epoch === "string";
  if (isPosition && Number.isSafeInteger(from.offset) && from.offset >= 0) return;
  throw new BadArgumentError(`Expected from to be "oldest" or a position { epoch, offset }, got ${whatCame(from)}`);
}
