import { type DrainView, readDrainView } from "../inspect/protocol/drain.js";
import { InspectorError } from "../inspect/protocol/errors.js";
import {
  connectInspector,
  type InspectorClient,
  type InspectorQuestion,
} from "../inspect/protocol/inspector-client.js";
import type { ClaimedOrigin } from "../inspect/protocol/messages.js";
import type { Command } from "./arguments.js";
import type { CliIo } from "./cli-io.js";
import { connectTo } from "./connect.js";
import { DrainOutput } from "./drain-output.js";
import { watchDrain } from "./watch-drain.js";

/** The options of `holdfast drain`. */
export type DrainCommand = Extract<Command, { command: "drain" }>;

/** The exit code when nobody confirmed: nothing was done. */
const NOT_CONFIRMED = 2;

/**
 * `holdfast drain`: shows what will happen, asks, begins it, and watches it to its end. A drain that runs already is watched only.
 *
 * @returns the exit code: 0 when all clients have been told, 2 when it was not confirmed, 3 when it broke off, 130 when the user stopped watching
 * @throws {InspectorError} `refused` where the server does not allow it, and whatever keeps a server from being found or read
 */
export async function drainCommand(command: DrainCommand, io: CliIo): Promise<number> {
  const output = new DrainOutput(io, command.json);
  const { path, view } = await firstLook(command, io);
  const isRunning = view.drain?.state === "running";
  const { perSecond, stayClosed } = command;
  output.plan(view, { perSecond, stayClosed, asks: !command.yes && io.canAsk });
  if (!isRunning) {
    if (view.clients === 0 && !stayClosed) return output.nobody();
    if (!command.yes && !(await isConfirmed(io))) return NOT_CONFIRMED;
  }
  // A person may have thought longer than the server waits for a silent reader: so this is a connection of its own.
  const client = await connectInspector(path);
  try {
    const { endpoint } = command;
    const look: InspectorQuestion = { method: "drain.look", params: { endpoint } };
    const order = { endpoint, perSecond, ...(stayClosed ? { stayClosed } : {}), by: asker() };
    const start: InspectorQuestion = { method: "drain.start", params: order };
    return await watchDrain(client, io, output, { first: isRunning ? look : start, look });
  } finally {
    client.close();
  }
}

async function firstLook(command: DrainCommand, io: CliIo): Promise<{ path: string; view: DrainView }> {
  const client = await connectTo(command.target, io);
  try {
    const { endpoint } = command;
    return { path: client.path, view: await askOfDrain(client, { method: "drain.look", params: { endpoint } }) };
  } finally {
    client.close();
  }
}

/** Who asks, for the server's log. */
export function asker(): ClaimedOrigin {
  return { pid: process.pid, uid: process.getuid?.() ?? 0 };
}

/** Asks what concerns a drain. @throws {InspectorError} `refused` where the server does not allow it, with the way to open it */
export async function askOfDrain(client: InspectorClient, question: InspectorQuestion): Promise<DrainView> {
  try {
    return readDrainView(await client.ask(question));
  } catch (error) {
    if (!(error instanceof InspectorError) || error.refusal !== "unknown_method") throw error;
    const text = `This server does not allow drain: its program has not opened that action, or has a holdfast that does not know it. To open it: openInspector(system, { actions: { drain: true } })`;
    throw new InspectorError("refused", text, { cause: error, refusal: error.refusal });
  }
}

async function isConfirmed(io: CliIo): Promise<boolean> {
  if (!io.canAsk) {
    io.err(
      "holdfast: Not confirmed, nothing was done: there is no terminal to ask on. To go on without being asked: --yes\n",
    );
    return false;
  }
  const answer = await io.ask("Hand them over? [y/N] ");
  if (answer !== undefined && /^\s*y(es)?\s*$/i.test(answer)) return true;
  // Nothing has ended the line of a question that got no answer.
  io.err(`${answer === undefined ? "\n" : ""}holdfast: Not confirmed, nothing was done.\n`);
  return false;
}
