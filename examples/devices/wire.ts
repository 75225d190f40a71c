/** What one person tells another, or one device the others of the same person. */
export interface Note {
  readonly from: string;
  readonly device: string;
  readonly text: string;
}

const LONGEST_TEXT = 500;

/** A member of what came over the wire, if it is a text of 1 to 500 characters. */
export function readText(value: unknown, name: string): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const member: unknown = Reflect.get(value, name);
  return typeof member === "string" && member.trim() !== "" && member.length <= LONGEST_TEXT ? member : undefined;
}
