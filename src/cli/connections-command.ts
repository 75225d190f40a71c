import { isRecord, type JsonRecord } from "../inspect/protocol/json.js";
import { InspectorError } from "../inspect/protocol/errors.js";
import { numberAt, recordAt } from "../inspect/protocol/read-parts.js";
import { readTreeNode } from "../inspect/protocol/read-tree.js";
import type { TreeNode } from "../inspect/protocol/tree.js";
import type { Command } from "./arguments.js";
import type { CliIo } from "./cli-io.js";
import { connectTo } from "./connect.js";
import { formatBytes, formatCount } from "./quantities.js";
import { printable, printableJson } from "./safe-text.js";

/** What an endpoint knows of its clients. */
interface Counts {
  readonly endpoint: string;
  readonly connections: {
    readonly open: number;
    readonly pending: number;
    readonly addresses: number;
    readonly users: number;
  };
  readonly sessions: {
    readonly online: number;
    readonly detached: number;
    readonly evicted: number;
    readonly bytes: number;
  };
  /** Since the endpoint started: by reason, and before the upgrade. */
  readonly turnedAway: Readonly<Record<string, number>>;
  /** Whether it takes no new connections. */
  readonly closed: boolean;
  /** Clients that are still to be told of a drain. */
  readonly draining?: number;
}

/** The counts of a server: of several cores the sums, and what each of them counts. */
interface AllCounts extends Counts {
  readonly cores?: Readonly<Record<string, Counts>>;
}

const PATH = "clients.status";
/** The core that a ref belongs to; `0` is the server that was asked. */
const CORE = /^<([^<>]+)\.\d+>$/;
const HOME = "0";

/**
 * `holdfast connections`: prints who is connected to an endpoint, and how many were turned away.
 *
 * @throws {InspectorError} `refused` where no endpoint has the name
 */
export async function connectionsCommand(
  command: Extract<Command, { command: "connections" }>,
  io: CliIo,
): Promise<void> {
  const client = await connectTo(command.target, io);
  try {
    const node = readTreeNode(await client.ask({ method: "info", params: { actor: `${command.endpoint}.clients` } }));
    const counts = readAll(command.endpoint, node);
    io.out(command.json ? `${printableJson(JSON.stringify(counts, null, 2))}\n` : rendered(counts));
  } finally {
    client.close();
  }
}

function readAll(endpoint: string, node: TreeNode): AllCounts {
  const cores = [node, ...(node.alike ?? [])].map(({ ref, kind, status }) => {
    if (kind !== "clients" || !isRecord(status)) {
      throw new InspectorError("refused", `No endpoint has the name ${JSON.stringify(endpoint)}.`);
    }
    return [CORE.exec(ref)?.[1] ?? "", readCounts(endpoint, status)] as const;
  });
  const sum = cores.map(([, counts]) => counts).reduce(summed);
  const isAlone = cores.some(([core]) => core === "" || core === HOME);
  return isAlone
    ? sum
    : {
        ...sum,
        cores: Object.fromEntries(
          cores.toSorted(([one], [other]) => one.localeCompare(other, "en", { numeric: true })),
        ),
      };
}

function readCounts(endpoint: string, status: JsonRecord): Counts {
  const admission = recordAt(status["admission"], `${PATH}.admission`);
  const turnedAway = recordAt(admission["turnedAway"], `${PATH}.admission.turnedAway`);
  const count = (record: JsonRecord, key: string): number => numberAt(record, key, PATH);
  const { draining } = status;
  return {
    endpoint,
    connections: {
      open: count(admission, "open"),
      pending: count(admission, "pending"),
      addresses: count(admission, "addresses"),
      users: count(admission, "users"),
    },
    sessions: {
      online: count(status, "online"),
      detached: count(status, "detached"),
      evicted: count(status, "evicted"),
      bytes: count(status, "bytes"),
    },
    turnedAway: {
      before_upgrade: count(admission, "shielded"),
      ...Object.fromEntries(Object.keys(turnedAway).map((reason) => [reason, count(turnedAway, reason)])),
    },
    closed: status["closed"] === true,
    ...(typeof draining === "number" ? { draining } : {}),
  };
}

/** The counts of two cores as one. Closed is what is closed on both: else somebody is still let in. */
function summed(one: Counts, other: Counts): Counts {
  const draining = (one.draining ?? 0) + (other.draining ?? 0);
  const isDraining = one.draining !== undefined || other.draining !== undefined;
  return {
    endpoint: one.endpoint,
    connections: added(one.connections, other.connections),
    sessions: added(one.sessions, other.sessions),
    turnedAway: added(one.turnedAway, other.turnedAway),
    closed: one.closed && other.closed,
    ...(isDraining ? { draining } : {}),
  };
}

function added<Figures extends Readonly<Record<string, number>>>(one: Figures, other: Figures): Figures {
  const sums = { ...one };
  for (const [name, count] of Object.entries(other)) Reflect.set(sums, name, (one[name] ?? 0) + count);
  return sums;
}

function rendered({ endpoint, connections, sessions, turnedAway, closed, draining, cores = {} }: AllCounts): string {
  const { open, pending, addresses, users } = connections;
  const { online, detached, evicted, bytes } = sessions;
  const kept = bytes > 0 ? ` (${formatBytes(bytes)})` : "";
  const state = closed ? "takes no new connections" : "takes new connections";
  const left = draining === undefined ? "" : `, hands its clients over: ${formatCount(draining)} left`;
  const lines = [
    ["endpoint", `${printable(endpoint)}  ${state}${left}`],
    ["connections", listed({ open, pending, addresses, users })],
    ["sessions", `${listed({ online, detached })}${kept}  ${listed({ evicted })}`],
    ["turned away", listed(turnedAway)],
    ...Object.entries(cores).map(([core, counts]) => [printable(core), onCore(counts)]),
  ];
  return lines.map(([title = "", text = ""]) => `${title.padEnd(13)}${text}\n`).join("");
}

function onCore({ connections: { open }, sessions: { online, detached }, closed, draining }: Counts): string {
  const left = draining === undefined ? {} : { left: draining };
  return `${listed({ open, online, detached, ...left })}${closed ? "  takes no new connections" : ""}`;
}

function listed(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${printable(name)} ${formatCount(count)}`)
    .join("  ");
}
