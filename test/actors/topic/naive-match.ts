import fc from "fast-check";

/** Whether a name matches a pattern, said as plainly as it can be: `*` is what has no dot and no colon, `**` is anything. */
export function matches(pattern: string, name: string): boolean {
  const source = pattern
    .replaceAll(".", "\\.")
    .replaceAll("**", "\0")
    .replaceAll("*", "[^.:]*")
    .replaceAll("\0", "[^]*");
  return new RegExp(`^${source}$`).test(name);
}

const word = fc.constantFrom("a", "b", "ab", "", "room");
const separator = fc.constantFrom(".", ":");
const tail = (segment: fc.Arbitrary<string>, maxLength: number) =>
  fc.array(fc.tuple(separator, segment), { maxLength }).map((parts) => parts.flat().join(""));

/** Names of few words, so that many are alike; some have more segments than a pattern may. */
export const someName = fc
  .tuple(word, fc.oneof({ weight: 9, arbitrary: tail(word, 4) }, { weight: 1, arbitrary: tail(word, 20) }))
  .map((parts) => parts.join(""))
  .filter((name) => name !== "");

const starry = fc.oneof({ weight: 2, arbitrary: word }, { weight: 1, arbitrary: fc.constant("*") });

/** Patterns that such names may match, with up to four stars; and names, which match themselves. */
export const somePattern = fc
  .tuple(starry, tail(starry, 4), fc.constantFrom("", "", ".**", ":**"))
  .map((parts) => parts.join(""))
  .filter((pattern) => pattern !== "" && (pattern.match(/\*+/g) ?? []).length <= 4);
