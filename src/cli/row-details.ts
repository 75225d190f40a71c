import type { AbsentChild, SupervisorState, TreeNode } from "../inspect/protocol/tree.js";
import { formatBytes, formatCount, formatDuration } from "./quantities.js";
import { printable } from "./safe-text.js";
import { type Span, span } from "./span.js";
import { StatusFields } from "./status-fields.js";

const LONG_MS = 1_000;

/**
 * What a row of the tree says of its actor, most telling first.
 *
 * Supervisors, sessions, connections, channels, topics and lease managers have their own words; of any other actor its life, its mailbox and the
 * properties of its status are shown as they are. For the former life and mailbox are left out while they are `idle` and empty.
 */
export function rowDetails(node: TreeNode, title: string, ellipsis: string): readonly Span[] {
  const fields = new StatusFields(node.status);
  fields.text("kind");
  const own = detailsByKind(node, fields, title);
  const rest = fields.rest(ellipsis).map((text) => span(text, "dim"));
  const restarted = node.restarts === undefined ? [] : [span(`restarted ${formatCount(node.restarts)}x`, "warn")];
  if (own === undefined) return [lifeSpan(node), mailboxSpan(node), ...restarted, ...rest];
  // A row must not end after the class: what has nothing of its own to say says at least that it is idle.
  const isQuiet = node.life === "idle" && own.length > 0;
  const life = isQuiet ? [] : [lifeSpan(node)];
  const mailbox = node.mailbox.length === 0 ? [] : [mailboxSpan(node)];
  return [...own, ...life, ...mailbox, ...restarted, ...rest];
}

/** What a row says of a child that does not run. */
export function absentDetails({ state, restart, restarts, lastExit, nextTry }: AbsentChild): readonly Span[] {
  return [
    span(printable(state) + tryText(nextTry), "warn"),
    ...texts(
      restart === undefined ? undefined : printable(restart),
      restarts === undefined ? undefined : `restarted ${formatCount(restarts)}x`,
      lastExit === undefined ? undefined : `last exit ${printable(lastExit)}`,
    ),
  ];
}

function tryText(nextTry: AbsentChild["nextTry"]): string {
  if (nextTry === undefined) return "";
  const { attempt, inMs } = nextTry;
  return `, try ${formatCount(attempt)} ${inMs === 0 ? "now" : `in ${formatDuration(inMs)}`}`;
}

function detailsByKind(node: TreeNode, fields: StatusFields, title: string): readonly Span[] | undefined {
  if (node.supervisor !== undefined) return supervisorDetails(node, node.supervisor);
  switch (node.kind) {
    case "session":
      return sessionDetails(fields);
    case "connection":
      fields.leaveOut("session", "bufferedBytes");
      return texts(fields.text("remoteAddress"), fields.text("transport"));
    case "channel": {
      const topic = fields.text("topic");
      return texts(topic === title ? undefined : topic);
    }
    case "lease-manager":
      return leaseDetails(fields);
    case "topics":
      return topicsDetails(fields);
    case "listener":
      return listenerDetails(fields);
    case "clients":
      fields.leaveOut("limits", "admission", "evicted", "bytes");
      return texts(counted("online", fields.number("online")), counted("detached", fields.number("detached")));
    default:
      return undefined;
  }
}

function supervisorDetails(node: TreeNode, supervisor: SupervisorState): readonly Span[] {
  const { inWindow, max, periodMs, total } = supervisor.restarts;
  const absent = supervisor.absent?.length ?? 0;
  const children = node.children.length + (node.more?.count ?? 0);
  const window = `restarts ${formatCount(inWindow)}/${formatCount(max)} in ${formatDuration(periodMs)}`;
  const before = total === undefined || total === inWindow ? "" : ` (${formatCount(total)} in all)`;
  return [
    span(
      supervisor.dynamic
        ? `${formatCount(children)} ${children === 1 ? "child" : "children"}`
        : printable(supervisor.strategy),
    ),
    span(window + before, inWindow === 0 ? "dim" : inWindow >= max ? "alert" : "warn"),
    ...(absent === 0 ? [] : [span(`${formatCount(absent)} not running`, "warn")]),
  ];
}

function sessionDetails(fields: StatusFields): readonly Span[] {
  const state = fields.text("state");
  const sinceMs = fields.number("sinceMs");
  const outbox = fields.fields("outbox");
  const messages = outbox?.number("messages");
  const bytes = outbox?.number("bytes") ?? 0;
  const user = fields.text("user");
  const topics = fields.count("topics");
  fields.leaveOut("resumable", "epoch");
  const since = sinceMs === undefined ? "" : ` ${formatDuration(sinceMs)}`;
  const size = bytes > 0 ? ` (${formatBytes(bytes)})` : "";
  return [
    ...(state === undefined ? [] : [span(state + since, state === "attached" ? "good" : "warn")]),
    ...texts(
      messages === undefined ? undefined : `outbox ${formatCount(messages)}${size}`,
      user === undefined ? undefined : `user ${user}`,
      topics === undefined ? undefined : `topics ${formatCount(topics)}`,
    ),
  ];
}

function topicsDetails(fields: StatusFields): readonly Span[] {
  const refused = ["refusedSubscriptions", "rateLimited", "overloaded", "retainedFull"];
  const refusals = refused.reduce((sum, key) => sum + (fields.number(key) ?? 0), 0);
  const missed = fields.number("missed") ?? 0;
  const shown = texts(
    counted("topics", sumOf(fields.number("clientTopics"), fields.number("topics"))),
    counted("subscriptions", fields.number("subscriptions")),
    counted("published", fields.number("published")),
  );
  fields.leaveOut(
    "name",
    "subscribers",
    "patterns",
    "received",
    "loggedBytes",
    "logBytes",
    "retainedBytes",
    "droppedLogs",
  );
  for (const key of ["logs", "retained", "pending"]) if (fields.isZero(key)) fields.leaveOut(key);
  return [
    ...shown,
    ...(missed === 0 ? [] : [span(`missed ${formatCount(missed)}`, "warn")]),
    ...(refusals === 0 ? [] : [span(`refused ${formatCount(refusals)}`, "warn")]),
  ];
}

function sumOf(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : one + other;
}

function listenerDetails(fields: StatusFields): readonly Span[] {
  // A name, not a quantity: no commas.
  const port = fields.number("port");
  const open = fields.number("open");
  const turnedAway = (fields.fields("turnedAway")?.sum() ?? 0) + (fields.number("shielded") ?? 0);
  fields.leaveOut("pending", "addresses", "users");
  for (const key of ["waiting", "refused"]) if (fields.isZero(key)) fields.leaveOut(key);
  return [
    ...texts(port === undefined ? undefined : `port ${port}`, counted("open", open)),
    ...(turnedAway === 0 ? [] : [span(`turned away ${formatCount(turnedAway)}`, "warn")]),
  ];
}

function leaseDetails(fields: StatusFields): readonly Span[] {
  const waiting = fields.number("waiting");
  const circuit = fields.fields("pool")?.text("circuit");
  fields.leaveOut("size", "maxWaiting", "draining", "totals", "waits", "leases", "queue");
  return [
    ...texts(counted("held", fields.number("held")), counted("free", fields.number("free"))),
    ...(waiting === undefined ? [] : [span(`waiting ${formatCount(waiting)}`, waiting > 0 ? "warn" : "plain")]),
    ...(circuit === undefined || circuit === "closed" ? [] : [span(`circuit ${printable(circuit)}`, "alert")]),
  ];
}

function lifeSpan(node: TreeNode): Span {
  if (node.life === "idle" || node.life === "ready") return span(node.life, "dim");
  if (node.life !== "busy") return span(node.life, "warn");
  const { handler, forMs } = node.busy ?? {};
  const what = handler === undefined ? "" : ` ${printable(handler)}`;
  const time = forMs === undefined ? "" : ` ${formatDuration(forMs)}`;
  return span(`busy${what}${time}`, forMs !== undefined && forMs >= LONG_MS ? "warn" : "good");
}

function mailboxSpan({ mailbox }: TreeNode): Span {
  const { length, limit, oldestMs } = mailbox;
  const isNearLimit = limit !== undefined && length * 2 >= limit;
  const bound = isNearLimit ? `/${formatCount(limit)}` : "";
  const age = oldestMs === undefined ? "" : ` oldest ${formatDuration(oldestMs)}`;
  return span(`mailbox ${formatCount(length)}${bound}${age}`, isNearLimit ? "alert" : length === 0 ? "dim" : "plain");
}

function counted(word: string, count: number | undefined): string | undefined {
  return count === undefined ? undefined : `${word} ${formatCount(count)}`;
}

function texts(...parts: readonly (string | undefined)[]): readonly Span[] {
  return parts.filter((part) => part !== undefined).map((part) => span(part));
}
