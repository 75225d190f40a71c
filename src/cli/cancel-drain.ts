import { InspectorError } from "../inspect/protocol/errors.js";
import type { CliIo } from "./cli-io.js";
import { connectTo } from "./connect.js";
import { askOfDrain, asker, type DrainCommand } from "./drain-command.js";
import { DrainOutput } from "./drain-output.js";

const LOOKS = 50;
const PERIOD_MS = 100;

/**
 * `holdfast drain --cancel`: ends the drain that is under way, if there is one, and has new connections taken again.
 *
 * @returns the exit code 0
 * @throws {InspectorError} `refused` where the server does not allow it, `no_answer` when it does not do it in time
 */
export async function cancelDrainCommand(command: DrainCommand, io: CliIo): Promise<number> {
  const { endpoint } = command;
  const client = await connectTo(command.target, io);
  try {
    let view = await askOfDrain(client, { method: "drain.cancel", params: { endpoint, by: asker() } });
    for (let look = 1; view.closed || view.drain?.state === "running"; look++) {
      if (look > LOOKS) throw new InspectorError("no_answer", "The server has not ended the drain yet.");
      await io.wait(PERIOD_MS, new AbortController().signal);
      view = await askOfDrain(client, { method: "drain.look", params: { endpoint } });
    }
    new DrainOutput(io, command.json).cancelled(view);
    return 0;
  } finally {
    client.close();
  }
}
