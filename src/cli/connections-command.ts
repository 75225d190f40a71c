import { isRecord, type JsonRecord } from "../inspect/protocol/json.js";
import { InspectorError } from "../inspect/protocol/errors.js";
import { numberAt, recordAt } from "../inspect/protocol/read-parts.js";
import { readTreeNode } from "../inspect/protocol/read-tree.js";
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

const PATH = "clients.status";

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
    if (node.kind !== "clients" || !isRecord(node.status)) {
      throw new InspectorError("refused", `No endpoint has the name ${JSON.stringify(command.endpoint)}.`);
    }
    const counts = readCounts(command.endpoint, node.status);
    io.out(command.json ? `${printableJson(JSON.stringify(counts, null, 2))}\n` : rendered(counts));
  } finally {
    client.close();
  }
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

function rendered({ endpoint, connections, sessions, turnedAway, closed, draining }: Counts): string {
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
  ];
  return lines.map(([title = "", text = ""]) => `${title.padEnd(13)}${text}\n`).join("");
}

function listed(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${printable(name)} ${formatCount(count)}`)
    .join("  ");
}
