// What a terminal could take as a command, or show in a way that hides what is there: control characters (C0, DEL, C1), line and paragraph
// separators, zero-width characters, marks that turn the direction of writing, halves of surrogate pairs, private and unassigned tags.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const INVISIBLE = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
const WIDE =
  /^[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]$/u;
const PLAIN = /^[\x20-\x7e]*$/;

/**
 * Makes a text from a server harmless to print: what could command a terminal is shown as `\x1b` or `\u{202e}`.
 *
 * Names, labels and statuses are chosen by an application, sometimes from what a stranger typed into it.
 */
export function printable(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(UNSAFE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code <= 0xff ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}

/** Makes JSON text harmless to print by escaping as JSON does; it stays the same data. */
export function printableJson(json: string): string {
  return json.replace(/[^\n\P{Cc}]|[\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

/** The columns that a printable text takes in a terminal: two for East Asian wide characters and emoji, none for combining marks. */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** Cuts a printable text to at most `width` columns; a cut one ends in `ellipsis`. */
export function cutText(text: string, width: number, ellipsis: string): string {
  if (textWidth(text) <= width) return text;
  const room = width - textWidth(ellipsis);
  if (room < 0) return ellipsis.slice(0, Math.max(0, width));
  let kept = "";
  let used = 0;
  for (const character of text) {
    used += characterWidth(character);
    if (used > room) break;
    kept += character;
  }
  return kept + ellipsis;
}

function characterWidth(character: string): number {
  if (INVISIBLE.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
