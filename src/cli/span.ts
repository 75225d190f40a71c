/** What a piece of text is about, and so which colour it takes where colours are wanted. */
export type Tone = "plain" | "strong" | "dim" | "good" | "warn" | "alert";

/** A piece of a line: printable text in one tone. */
export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

const CODES: Readonly<Record<Tone, string>> = {
  plain: "",
  strong: "1",
  dim: "2",
  good: "32",
  warn: "33",
  alert: "31;1",
};

/** A span, plain unless said otherwise. */
export function span(text: string, tone: Tone = "plain"): Span {
  return { text, tone };
}

/** The span as it is printed: with escape codes for its tone if `color` holds, else its bare text. */
export function paint({ text, tone }: Span, color: boolean): string {
  const code = CODES[tone];
  return color && code !== "" && text !== "" ? `\x1b[${code}m${text}\x1b[0m` : text;
}
