/**
 * The deepest that the arrays and objects of a frame may stand in each other.
 *
 * Engines read JSON of any depth and write it only up to some thousand: what one client sends must be possible to send on to others.
 */
export const DEEPEST_NESTING = 512;

const QUOTE = 34;
const BACKSLASH = 92;
const OPENING_BRACKET = 91;
const CLOSING_BRACKET = 93;
const OPENING_BRACE = 123;
const CLOSING_BRACE = 125;

/** Tells whether JSON text nests deeper than {@link DEEPEST_NESTING}. Text that is short enough to be harmless is not looked at. */
export function nestsTooDeep(text: string): boolean {
  if (text.length <= 2 * DEEPEST_NESTING) return false;
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (quoted) {
      if (unit === BACKSLASH) at += 1;
      else if (unit === QUOTE) quoted = false;
    } else if (unit === QUOTE) quoted = true;
    else if (unit === OPENING_BRACKET || unit === OPENING_BRACE) {
      depth += 1;
      if (depth > DEEPEST_NESTING) return true;
    } else if (unit === CLOSING_BRACKET || unit === CLOSING_BRACE) depth -= 1;
  }
  return false;
}
