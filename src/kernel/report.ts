/** How much a report matters: `error` needs a person, `warning` may, `info` and `debug` tell a story. */
export type ReportLevel = "error" | "warning" | "info" | "debug";

/**
 * Something worth telling a person, as data: a crash, a supervisor's decision, an unexpected message.
 *
 * `type` is stable (`crash`, `supervisor`, `progress`, `dead_letter`, `unexpected_message`, …), `text` is one line for people, with
 * the stack of an error below it, and `details` is for programs.
 */
export interface Report {
  readonly type: string;
  readonly level: ReportLevel;
  readonly text: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Receives every report of a system. It must not throw; a reporter that throws is ignored once its error is written to the console. */
export type Reporter = (report: Report) => void;

// What could command a terminal, turn the direction of writing, or end a line in some reader of logs.
const UNSAFE = /[^\n\P{Cc}]|[\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** One report as text for a log: what strangers typed can neither begin a line of its own nor command a terminal. */
function harmless(text: string): string {
  return text.replace(UNSAFE, (unit) => `\\u{${(unit.codePointAt(0) ?? 0).toString(16)}}`).replaceAll("\n", "\n    ");
}

/** The reporter of a system that was given none: errors and warnings go to the console's error stream, the rest is dropped. */
export function consoleReporter(report: Report): void {
  if (report.level !== "error" && report.level !== "warning") return;
  console.error(`[holdfast] ${report.level} ${harmless(report.text)}`);
}
