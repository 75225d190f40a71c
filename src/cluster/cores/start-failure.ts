import { formatReason, reasonOfThrown } from "../../kernel/exit-reason.js";

/** How deep errors are looked for: below each supervisor that did not start is the reason of the next. */
const DEEPEST = 20;

/** Why a core did not start, for people: the error itself, and behind it the one that lies below all others, in its own words. */
export function startFailure(thrown: unknown): string {
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : formatReason(reasonOfThrown(thrown));
  const cause = innermost(thrown, 0);
  return cause === undefined || cause === thrown ? text : `${text}; ${cause.name}: ${cause.message}`;
}

function innermost(value: unknown, depth: number): Error | undefined {
  if (typeof value !== "object" || value === null || depth > DEEPEST) return undefined;
  // Not its cause: what an error says of that is for people already.
  const inside: unknown[] = value instanceof Error ? [Reflect.get(value, "reason")] : Object.values(value);
  for (const part of inside) {
    const found = innermost(part, depth + 1);
    if (found !== undefined) return found;
  }
  return value instanceof Error ? value : undefined;
}
