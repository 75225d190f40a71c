import { readTreeNode } from "../inspect/protocol/read-tree.js";
import type { Command } from "./arguments.js";
import type { CliIo } from "./cli-io.js";
import { connectTo } from "./connect.js";
import { lookOf } from "./look.js";
import { renderActor } from "./render-actor.js";
import { printableJson } from "./safe-text.js";

/** `holdfast info ACTOR`: prints one actor in detail. */
export async function infoCommand(command: Extract<Command, { command: "info" }>, io: CliIo): Promise<void> {
  const client = await connectTo(command.target, io);
  try {
    const result = await client.ask({ method: "info", params: { actor: refOf(command.actor) } });
    const actor = readTreeNode(result);
    io.out(
      command.json
        ? `${printableJson(JSON.stringify(result, null, 2))}\n`
        : renderActor(actor, lookOf(io, command.ascii)),
    );
  } finally {
    client.close();
  }
}

// A ref without its brackets is one too, because a shell takes them for redirections.
function refOf(actor: string): string {
  return /^\d+(\.\d+)+$/.test(actor) ? `<${actor}>` : actor;
}
