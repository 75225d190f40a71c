import { InspectorError } from "./errors.js";
import type { Json, JsonRecord } from "./json.js";
import { arrayAt, numberAt, optionalNumber, optionalText, recordAt, textAt } from "./read-parts.js";
import {
  type AbsentChild,
  ACTOR_LIVES,
  type ActorLife,
  type BusyWith,
  type HiddenNodes,
  type LoopDelay,
  type NextTry,
  type MailboxState,
  type SupervisorState,
  type SystemHeader,
  type TreeNode,
  type TreeSnapshot,
} from "./tree.js";

/** A tree deeper than this is not one that a server of this protocol sends. */
const MAX_DEPTH = 128;

/**
 * Reads the result of `tree`, checking each part that a reader relies on.
 *
 * Properties this version does not know are left out, and a life it does not know becomes `unknown`: newer servers may add both.
 *
 * @throws {InspectorError} `protocol` with the path of the first part that is wrong
 */
export function readTreeSnapshot(value: unknown): TreeSnapshot {
  const record = recordAt(value, "tree");
  const root = record["root"];
  const more = record["moreOrphans"];
  return {
    system: readHeader(record["system"], "tree.system"),
    ...(root === undefined ? {} : { root: readNode(root, "tree.root", 0) }),
    orphans: readNodes(record["orphans"], "tree.orphans", 0),
    ...(more === undefined ? {} : { moreOrphans: readHidden(more, "tree.moreOrphans") }),
  };
}

/** Reads the result of `info`: one actor. Otherwise like {@link readTreeSnapshot}. */
export function readTreeNode(value: unknown): TreeNode {
  return readNode(value, "info", 0);
}

function readHeader(value: unknown, path: string): SystemHeader {
  const record = recordAt(value, path);
  const actors = recordAt(record["actors"], `${path}.actors`);
  const loop = record["loopDelay"];
  return {
    name: textAt(record, "name", path),
    holdfast: textAt(record, "holdfast", path),
    node: textAt(record, "node", path),
    pid: numberAt(record, "pid", path),
    uptimeMs: numberAt(record, "uptimeMs", path),
    capturedAt: textAt(record, "capturedAt", path),
    actors: {
      alive: numberAt(actors, "alive", path),
      spawned: numberAt(actors, "spawned", path),
      stopped: numberAt(actors, "stopped", path),
    },
    ...optionalNumber(record, "messages", path),
    deadLetters: numberAt(record, "deadLetters", path),
    ...(loop === undefined ? {} : { loopDelay: readLoopDelay(loop, `${path}.loopDelay`) }),
    heapUsedBytes: numberAt(record, "heapUsedBytes", path),
  };
}

function readLoopDelay(value: unknown, path: string): LoopDelay {
  const record = recordAt(value, path);
  return {
    p50Ms: numberAt(record, "p50Ms", path),
    p99Ms: numberAt(record, "p99Ms", path),
    overMs: numberAt(record, "overMs", path),
  };
}

function readNodes(value: unknown, path: string, depth: number): readonly TreeNode[] {
  return arrayAt(value, path).map((node, index) => readNode(node, `${path}[${index}]`, depth));
}

function readNode(value: unknown, path: string, depth: number): TreeNode {
  if (depth > MAX_DEPTH)
    throw new InspectorError("protocol", `The server's tree is deeper than ${MAX_DEPTH} levels at ${path}.`);
  const record = recordAt(value, path);
  const busy = record["busy"];
  const supervisor = record["supervisor"];
  const more = record["more"];
  const status = record["status"];
  const alike = record["alike"];
  return {
    ref: textAt(record, "ref", path),
    ...optionalText(record, "id", path),
    ...optionalText(record, "name", path),
    ...optionalText(record, "label", path),
    behaviour: textAt(record, "behaviour", path),
    kind: textAt(record, "kind", path),
    life: readLife(textAt(record, "life", path)),
    ...(busy === undefined ? {} : { busy: readBusy(busy, `${path}.busy`) }),
    mailbox: readMailbox(record["mailbox"], `${path}.mailbox`),
    messages: numberAt(record, "messages", path),
    ...readHistory(record, path),
    ...(supervisor === undefined ? {} : { supervisor: readSupervisor(supervisor, `${path}.supervisor`) }),
    ...(isJson(status) ? { status } : {}),
    children: readNodes(record["children"], `${path}.children`, depth + 1),
    ...(more === undefined ? {} : { more: readHidden(more, `${path}.more`) }),
    ...(alike === undefined ? {} : { alike: readNodes(alike, `${path}.alike`, depth + 1) }),
  };
}

function readLife(word: string): ActorLife {
  return ACTOR_LIVES.find((life) => life === word) ?? "unknown";
}

function readBusy(value: unknown, path: string): BusyWith {
  const record = recordAt(value, path);
  return { ...optionalText(record, "handler", path), ...optionalNumber(record, "forMs", path) };
}

function readMailbox(value: unknown, path: string): MailboxState {
  const record = recordAt(value, path);
  return {
    length: numberAt(record, "length", path),
    ...optionalNumber(record, "limit", path),
    ...optionalNumber(record, "oldestMs", path),
  };
}

function readSupervisor(value: unknown, path: string): SupervisorState {
  const record = recordAt(value, path);
  const restarts = recordAt(record["restarts"], `${path}.restarts`);
  const absent = record["absent"];
  return {
    strategy: textAt(record, "strategy", path),
    dynamic: record["dynamic"] === true,
    restarts: {
      inWindow: numberAt(restarts, "inWindow", path),
      max: numberAt(restarts, "max", path),
      periodMs: numberAt(restarts, "periodMs", path),
      ...optionalNumber(restarts, "total", path),
    },
    ...(absent === undefined
      ? {}
      : { absent: arrayAt(absent, `${path}.absent`).map((child) => readAbsent(child, `${path}.absent`)) }),
  };
}

function readAbsent(value: unknown, path: string): AbsentChild {
  const record = recordAt(value, path);
  const nextTry = record["nextTry"];
  return {
    ...optionalText(record, "id", path),
    behaviour: textAt(record, "behaviour", path),
    state: textAt(record, "state", path),
    ...readHistory(record, path),
    ...(nextTry === undefined ? {} : { nextTry: readNextTry(nextTry, `${path}.nextTry`) }),
  };
}

function readNextTry(value: unknown, path: string): NextTry {
  const record = recordAt(value, path);
  return { attempt: numberAt(record, "attempt", path), inMs: numberAt(record, "inMs", path) };
}

function readHistory(record: JsonRecord, path: string): Pick<AbsentChild, "restart" | "restarts" | "lastExit"> {
  return {
    ...optionalText(record, "restart", path),
    ...optionalNumber(record, "restarts", path),
    ...optionalText(record, "lastExit", path),
  };
}

function readHidden(value: unknown, path: string): HiddenNodes {
  const record = recordAt(value, path);
  const lives = recordAt(record["byLife"], `${path}.byLife`);
  const byLife = Object.fromEntries(Object.keys(lives).map((life) => [life, numberAt(lives, life, path)]));
  const count = numberAt(record, "count", path);
  return record["atLeast"] === true ? { count, atLeast: true, byLife } : { count, byLife };
}

// What came out of JSON.parse is Json all the way down; only an absent status has to be told apart.
function isJson(value: unknown): value is Json {
  return value !== undefined;
}
