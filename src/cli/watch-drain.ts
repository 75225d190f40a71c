import { type DrainProgress, readDrainView } from "../inspect/protocol/drain.js";
import { InspectorError } from "../inspect/protocol/errors.js";
import type { InspectorClient, InspectorQuestion } from "../inspect/protocol/inspector-client.js";
import type { CliIo } from "./cli-io.js";
import type { DrainOutput } from "./drain-output.js";

/** How often it is looked how far it has come. */
const PERIOD_MS = 250;
/** The exit code of a command that Ctrl-C ended. */
const INTERRUPTED = 130;
const BROKE_OFF = 3;

/** What to ask first, and what again and again. */
export interface DrainQuestions {
  readonly first: InspectorQuestion;
  readonly look: InspectorQuestion;
}

/**
 * Follows a drain to its end, or until the user stops watching: the drain goes on then.
 *
 * @returns the exit code
 * @throws {InspectorError} as the client does; what was known last is said in the text
 */
export async function watchDrain(
  client: InspectorClient,
  io: CliIo,
  output: DrainOutput,
  { first, look }: DrainQuestions,
): Promise<number> {
  const interruption = new AbortController();
  const forget = io.onInterrupt(() => interruption.abort());
  let last: DrainProgress | undefined;
  try {
    // The order itself is waited for, whatever the user presses: it must be known whether it was taken.
    for (let question = first; ; question = look) {
      const { drain, system, closed } = readDrainView(await client.ask(question));
      if (drain === undefined || (last !== undefined && drain.number !== last.number)) {
        throw new InspectorError(
          "protocol",
          "The server no longer knows the drain that was watched: another one was begun.",
        );
      }
      last = drain;
      if (drain.state !== "running") return output.end(drain, closed) ? 0 : BROKE_OFF;
      if (interruption.signal.aborted) {
        output.unwatched(drain, system.pid);
        return INTERRUPTED;
      }
      output.progress(drain);
      await io.wait(PERIOD_MS, interruption.signal);
    }
  } catch (error) {
    output.breakOff();
    if (!(error instanceof InspectorError) || last === undefined) throw error;
    const text = `${error.message} When last seen, ${last.left} of ${last.total} clients were left; how it went on is not known.`;
    throw new InspectorError(error.code, text, { cause: error });
  } finally {
    forget();
  }
}
