/** Texts up to this length are kept; longer ones seldom come twice. */
const LONGEST = 24;
const SLOTS = 512;

/**
 * Short ASCII texts that came before, so that the names of fields need not be made anew for each message.
 *
 * A slot holds the latest text of its hash and nothing is trusted: a text is given back only when its characters are the bytes. So it never
 * holds more than 512 texts of 24 characters.
 */
export class TextCache {
  readonly #texts: string[] = Array.from<string>({ length: SLOTS }).fill("");

  /** The text of ASCII bytes. */
  read(bytes: Buffer, start: number, length: number): string {
    if (length === 0) return "";
    if (length > LONGEST) return bytes.toString("latin1", start, start + length);
    const first = bytes[start] ?? 0;
    const last = bytes[start + length - 1] ?? 0;
    const slot = (first * 31 + last * 7 + length * 131) & (SLOTS - 1);
    const kept = this.#texts[slot] ?? "";
    if (kept.length === length && isText(kept, bytes, start)) return kept;
    const text = bytes.toString("latin1", start, start + length);
    this.#texts[slot] = text;
    return text;
  }
}

function isText(text: string, bytes: Buffer, start: number): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) !== bytes[start + at]) return false;
  return true;
}
