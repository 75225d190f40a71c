import { type FoundServer, listServers } from "../inspect/protocol/discover.js";
import { runtimeDirectories } from "../inspect/protocol/runtime-directory.js";
import type { CliIo } from "./cli-io.js";
import { printable, printableJson, textWidth } from "./safe-text.js";

/** `holdfast list`: prints the servers that run here. None is not an error: the list is empty, and a note says where it was looked. */
export async function listCommand(json: boolean, io: CliIo): Promise<void> {
  const directories = runtimeDirectories(io.env);
  const servers = await listServers(directories);
  if (json) io.out(`${printableJson(JSON.stringify(servers.map(asData), null, 2))}\n`);
  else if (servers.length > 0) io.out(table(servers));
  else io.err(`holdfast: found no running server in ${directories.join(" or ")}\n`);
}

function asData({ name, pid, path, startedAt }: FoundServer): Record<string, unknown> {
  return { name, pid, startedAt: new Date(startedAt).toISOString(), socket: path };
}

function table(servers: readonly FoundServer[]): string {
  const rows = [
    ["NAME", "PID", "STARTED", "SOCKET"],
    ...servers.map(({ name, pid, path, startedAt }) => [
      name,
      String(pid),
      new Date(startedAt).toISOString().slice(0, 19) + "Z",
      printable(path),
    ]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => textWidth(row[column] ?? ""))));
  return rows.map((row) => `${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}\n`).join("");
}
