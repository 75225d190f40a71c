const SHOWN_CHARACTERS = 40;

/**
 * Says in a few words what an unknown value is, for the "got" half of an error text.
 *
 * Strings are cut after 40 characters and escaped, objects and arrays are only named: a hostile value makes neither a long
 * line nor a second line of a log.
 */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `an array of ${value.length} elements`;
  if (typeof value === "string") return describeText(value);
  if (typeof value === "object") return "an object";
  if (typeof value === "number" || typeof value === "boolean") return `the ${typeof value} ${String(value)}`;
  return `a ${typeof value}`;
}

function describeText(text: string): string {
  const shown = JSON.stringify(text.slice(0, SHOWN_CHARACTERS));
  return text.length > SHOWN_CHARACTERS ? `the string ${shown}... of ${text.length} characters` : `the string ${shown}`;
}
