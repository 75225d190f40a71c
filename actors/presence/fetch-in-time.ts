import { BadReturnError, type Clock, whatCame } from "../../src/index.js";
import { type PresenceExtras, jsonBytes } from "./presence-payload.js";

/** Awaits what is fetched; throws when that takes too long. */
export async function fetchInTime(
  fetching: Promise<PresenceExtras>,
  clock: Clock,
  timeoutMs: number,
): Promise<PresenceExtras> {
  let inTime: () => void = () => undefined;
  const late = new Promise<undefined>((resolve) => {
    const timer = clock.setTimer(timeoutMs, () => resolve(undefined));
    inTime = () => clock.clearTimer(timer);
  });
  try {
    const fetched = await Promise.race([fetching, late]);
    if (fetched === undefined) throw new Error(`it took longer than ${timeoutMs} ms, or gave nothing`);
    return fetched;
  } finally {
    inTime();
  }
}

/** Throws for what a `fetch` may not return. */
export function checkFetched(fetched: PresenceExtras, whose: string): void {
  if (isMap(fetched)) return;
  throw new BadReturnError(
    `${whose} returned ${whatCame(fetched)}. It may return a Map of objects by key, or a promise of one.`,
  );
}

/** The keys whose data would make a message too large. */
export function keysAbove(fetched: PresenceExtras, mostBytes: number): ReadonlySet<string> {
  return new Set([...fetched].filter(([, data]) => jsonBytes(data) > mostBytes).map(([key]) => key));
}

function isMap(value: unknown): boolean {
  return value instanceof Map;
}
