/**
 * Counts the bytes of a text in UTF-8 without encoding it.
 *
 * A lone surrogate counts as three bytes, which is what every encoder writes for it (U+FFFD).
 */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    // A pair is four bytes for two units: two more than counted, both of them added by its first half.
    if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text.charCodeAt(i + 1))) i += 1;
  }
  return bytes;
}

/** Tells whether a text has at most so many bytes in UTF-8; what is short is not looked at. */
export function hasAtMostBytes(text: string, most: number): boolean {
  // No unit takes more than three bytes, and none takes less than one.
  return text.length * 3 <= most || (text.length <= most && utf8Length(text) <= most);
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
