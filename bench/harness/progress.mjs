/** One line on stderr that says what is going on: rewritten on a terminal, added now and then elsewhere. */

/** How often a line is added where lines cannot be rewritten. */
const PLAIN_EVERY_MS = 5_000;

/**
 * A progress line: `show` replaces its text, `note` leaves a line behind, `done` ends it, with a last text that is always shown.
 *
 * @typedef {{ show(text: string): void, note(text: string): void, done(text?: string): void }} ProgressLine
 */

/**
 * Makes a progress line.
 *
 * @param {string} name stands in front of the text
 * @returns {ProgressLine}
 */
export function progress(name) {
  const terminal = process.stderr.isTTY === true;
  let shownAtMs = Number.NEGATIVE_INFINITY;
  /** @param {string} text */
  const rewrite = (text) => process.stderr.write(`\r\x1b[2K${text.slice(0, (process.stderr.columns ?? 120) - 1)}`);
  return {
    show(text) {
      if (terminal) return void rewrite(`${name}: ${text}`);
      const nowMs = performance.now();
      if (nowMs - shownAtMs < PLAIN_EVERY_MS) return;
      shownAtMs = nowMs;
      process.stderr.write(`${name}: ${text}\n`);
    },
    note(text) {
      process.stderr.write(terminal ? `\r\x1b[2K${text}\n` : `${text}\n`);
    },
    done(text) {
      if (text !== undefined) process.stderr.write(`${terminal ? "\r\x1b[2K" : ""}${name}: ${text}\n`);
      else if (terminal) process.stderr.write("\r\x1b[2K");
    },
  };
}
