import type { SocketLimits } from "../../actors/index.js";

/** What a session or a connection shows of itself. */
export type Status = Readonly<Record<string, unknown>>;

/** How much more than its bound a socket's buffer may hold: what is written before it is looked at again. */
const BUFFER_SLACK_BYTES = 12_000;

/** Which bounds are looked at. */
export type Bounds = Pick<
  SocketLimits,
  | "outboxMessages"
  | "outboxBytes"
  | "windowMessages"
  | "windowBytes"
  | "socketBufferBytes"
  | "detachedPerUser"
  | "detachedSessions"
  | "detachedBytes"
>;

/** Says which connections are one too many, or hold more than they may; `undefined` when all is well. */
export function wrongConnection(connections: readonly Status[], bounds: Bounds): string | undefined {
  const attached = new Set<string>();
  for (const { session, bufferedBytes, windowed } of connections) {
    if (typeof session !== "string") continue;
    if (attached.has(session)) return `two connections are attached to session ${session}`;
    attached.add(session);
    // Where nobody acknowledges, the socket's buffer is the window.
    const most = windowed === true ? bounds.socketBufferBytes : bounds.windowBytes;
    if (numberOf(bufferedBytes) > most + BUFFER_SLACK_BYTES) {
      return `${numberOf(bufferedBytes)} bytes wait in a socket's buffer`;
    }
  }
  return undefined;
}

/** Says which session keeps more than it may, or which are too many without a socket; `undefined` when all is well. */
export function wrongSession(sessions: readonly Status[], bounds: Bounds): string | undefined {
  const perUser = new Map<unknown, number>();
  let detached = 0;
  let bytes = 0;
  for (const { outbox, inFlight, state, user, windowed } of sessions) {
    const kept = amountOf(outbox);
    const flying = amountOf(inFlight);
    const wrong =
      exceeds("keeps", kept, bounds.outboxMessages, bounds.outboxBytes) ??
      (windowed === true ? exceeds("has in flight", flying, bounds.windowMessages, bounds.windowBytes) : undefined);
    if (wrong !== undefined) return `a session of ${String(user)} ${wrong}`;
    if (state !== "detached") continue;
    detached++;
    bytes += kept.bytes;
    perUser.set(user, (perUser.get(user) ?? 0) + 1);
  }
  const most = Math.max(0, ...perUser.values());
  if (most > bounds.detachedPerUser) return `a user has ${most} sessions without a socket`;
  if (detached > bounds.detachedSessions) return `${detached} sessions are without a socket`;
  return bytes > bounds.detachedBytes ? `sessions without a socket keep ${bytes} bytes` : undefined;
}

/** Says which session has channels that it has not joined, or lacks some that it has; `undefined` when all is well. */
export function wrongChannels(
  sessions: readonly { readonly status: Status; readonly channels: number }[],
): string | undefined {
  for (const { status, channels } of sessions) {
    const joined = numberOf(status["topics"]);
    if (joined !== channels)
      return `a session of ${String(status["user"])} has joined ${joined} topics and has ${channels} channels`;
  }
  return undefined;
}

interface Amount {
  readonly messages: number;
  readonly bytes: number;
}

function exceeds(verb: string, { messages, bytes }: Amount, most: number, mostBytes: number): string | undefined {
  if (messages > most) return `${verb} ${messages} messages; at most ${most} are allowed`;
  // One frame alone may be larger than a window: else it would never leave.
  return messages > 1 && bytes > mostBytes ? `${verb} ${bytes} bytes; at most ${mostBytes} are allowed` : undefined;
}

function amountOf(value: unknown): Amount {
  if (typeof value !== "object" || value === null) return { messages: 0, bytes: 0 };
  return { messages: numberOf(Reflect.get(value, "messages")), bytes: numberOf(Reflect.get(value, "bytes")) };
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
