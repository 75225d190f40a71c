import type { InspectorClient } from "../inspect/protocol/inspector-client.js";
import { readTreeSnapshot } from "../inspect/protocol/read-tree.js";
import type { Command } from "./arguments.js";
import type { CliIo } from "./cli-io.js";
import { connectTo } from "./connect.js";
import { lookOf } from "./look.js";
import { renderTree } from "./render-tree.js";
import { printableJson } from "./safe-text.js";
import { watch } from "./watch.js";

type TreeCommand = Extract<Command, { command: "tree" }>;

/** `holdfast tree`: prints the tree once, or each second until it is interrupted. */
export async function treeCommand(command: TreeCommand, io: CliIo): Promise<void> {
  const client = await connectTo(command.target, io);
  try {
    if (command.watch) await watch(client, io, (isScreen) => frame(client, command, io, isScreen));
    else io.out(await frame(client, command, io, false));
  } finally {
    client.close();
  }
}

async function frame(
  client: InspectorClient,
  { json, ascii, all, watch }: TreeCommand,
  io: CliIo,
  isScreen: boolean,
): Promise<string> {
  const result = await client.ask({ method: "tree", params: { all } });
  const snapshot = readTreeSnapshot(result);
  // The result as it came: a newer server may say more than this version knows.
  if (json) return `${printableJson(watch ? JSON.stringify(result) : JSON.stringify(result, null, 2))}\n`;
  const look = lookOf(io, ascii);
  return renderTree(snapshot, isScreen ? { ...look, maxLines: io.size().rows - 1 } : look);
}
