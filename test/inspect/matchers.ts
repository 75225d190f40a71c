import { expect } from "vitest";

/** Matches a text that contains `part`, where a property is compared. */
export function containing(part: string): unknown {
  return expect.stringContaining(part);
}

/** Matches a text by a pattern, where a property is compared. */
export function matching(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}
