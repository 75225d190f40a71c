import type { CliIo } from "./cli-io.js";
import type { RenderOptions } from "./render-tree.js";

/**
 * How to draw on these surroundings.
 *
 * Colours need a terminal that knows them and a user who wants them: `NO_COLOR` (any text but the empty one) and `TERM=dumb` turn them off.
 */
export function lookOf(io: CliIo, ascii: boolean): RenderOptions {
  const { NO_COLOR: noColor = "", TERM: terminal } = io.env;
  return { width: io.size().columns, ascii, color: io.isTerminal && noColor === "" && terminal !== "dumb" };
}
