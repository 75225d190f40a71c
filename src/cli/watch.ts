import type { InspectorClient } from "../inspect/protocol/inspector-client.js";
import type { CliIo } from "./cli-io.js";

const PERIOD_MS = 1_000;
const ENTER_SCREEN = "\x1b[?1049h\x1b[?25l";
const LEAVE_SCREEN = "\x1b[?25h\x1b[?1049l";
const HOME = "\x1b[H";
const CLEAR_REST_OF_LINE = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";

/**
 * Draws a frame each second until the user interrupts.
 *
 * On a terminal each frame replaces the one before on the alternate screen, which is left again whatever ends the watch, so the scroll-back stays
 * as it was. Elsewhere frames follow each other.
 *
 * @throws whatever `frame` throws, unless it was the interruption that made it fail
 */
export async function watch(
  client: InspectorClient,
  io: CliIo,
  frame: (isScreen: boolean) => Promise<string>,
): Promise<void> {
  const interruption = new AbortController();
  const forget = io.onInterrupt(() => {
    interruption.abort();
    // An answer that is still to come must not be waited for.
    client.close();
  });
  const isScreen = io.isTerminal;
  if (isScreen) io.out(ENTER_SCREEN);
  try {
    while (!interruption.signal.aborted) {
      const text = await frame(isScreen);
      io.out(isScreen ? overwrite(text) : text);
      await io.wait(PERIOD_MS, interruption.signal);
    }
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
  } finally {
    if (isScreen) io.out(LEAVE_SCREEN);
    forget();
  }
}

// Overwritten line by line: a screen that is cleared first flickers.
function overwrite(text: string): string {
  return HOME + text.replaceAll("\n", `${CLEAR_REST_OF_LINE}\n`) + CLEAR_BELOW;
}
