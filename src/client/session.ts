import type { Frame } from "../protocol/frame.js";
import type { JsonObject, Welcome } from "../protocol/handshake.js";
import { asObject } from "./answer.js";
import type { ChannelControl } from "./channel.js";
import { createAlarm } from "./clock.js";
import { PushError, type PushErrorCode } from "./errors.js";
import { byteLength, type Encoded, encodePush } from "./frames.js";
import type { Emit } from "./listeners.js";
import type { SocketSettings } from "./options.js";
import { createPush, type PushContent, type Sending } from "./push.js";

/** The session that could not be resumed, and why: the server's word, or that of the close code. */
export interface LostSession {
  readonly sessionId: string;
  readonly reason: string;
}

/**
 * The session as the client sees it, across any number of connections.
 *
 * It brings pushes to the server once and their replies back: a push waits until its channel is joined and the window has room, is
 * written under its number, is written again after each resume until the server has taken it, and ends with its reply. Its time runs
 * only while a connection is attached. It gets its number when it is first written, so one that waits leaves no hole when it is
 * withdrawn.
 *
 * It takes the server's numbered frames once and in order, acknowledges them when their listeners have returned, and leads them to
 * channels and pushes. Of the secrets it keeps the latest: if an answer was lost, the server takes the one before.
 */
export interface Session {
  readonly settings: SocketSettings;
  /** Tells the socket's listeners. */
  readonly emit: Emit;
  /** The channels of the socket, by topic. */
  readonly channels: Map<string, ChannelControl>;
  /** The public id; `undefined` while there is no session. */
  id(): string | undefined;
  /** Writes a frame on the topic of the connection itself, which has no number. */
  control(event: string, payload: object): string;
  /** Makes a push and does not send it yet. */
  push(content: PushContent): Sending;
  /** Takes a push over. One that is too large or finds no room fails at once; a channel's join and leave always find room. */
  send(push: Sending): void;
  /** Ends pushes on this side: those that fit. */
  fail(code: PushErrorCode, fits: (push: Sending) => unknown): void;
  /** Writes what waits, as far as channels are joined and the window has room. */
  flush(): void;
  /** What `hello` says of the session. */
  resume(): JsonObject;
  /**
   * Goes on in the session that was granted; `false` if that cannot be.
   *
   * Writes again what the server has not taken, then what waits. In a new session pushes that were never written go on waiting; of
   * those written, the idempotent ones wait as well, in front, and the others fail with `session_lost`. Channels are joined again.
   */
  connect(welcome: Welcome, write: (frame: Encoded) => void): boolean;
  /**
   * Takes a frame of that many bytes; `false` if the server broke the protocol with it, or if there is none.
   *
   * If resuming has not helped since the last time, it will not now: then the session is given up.
   */
  receive(frame: Frame | undefined, size: number): boolean;
  /** Writes nothing until the next welcome; the time of all pushes stands still. */
  disconnect(): void;
  /** The session is gone; the next connection asks for a new one. */
  lose(reason: string): void;
  /** Says goodbye, if there is somebody to hear it: the session is over, and everything that waits with it. */
  end(): void;
}

/** Makes a session that was not granted yet. */
export function createSession(settings: SocketSettings, emit: Emit): Session {
  const { clock, outbox } = settings;
  const channels = new Map<string, ChannelControl>();
  // The session as it was granted last; `undefined` while there is none.
  let granted: Welcome | undefined;
  let write: ((frame: Encoded) => void) | undefined;
  // All that have not ended, and those that have but that the server has not taken: their numbers must not be missing.
  let pushes: readonly Sending[] = [];
  let lastRef = 0;
  let lastSeq = 0;
  // The highest number of ours that the server has taken.
  let taken = 0;
  // The highest number of the server's that was accepted, and the highest whose listeners have returned: what is acknowledged.
  let received = 0;
  let handled = 0;
  let owedMessages = 0;
  let owedBytes = 0;
  // The last number of a replay: then the channels that the server does not have are joined again, unless it has said why.
  let replayEnd = Infinity;
  let violatedAt: number | undefined;
  // Resumes that were asked for in this session: the server tells by it a late hello from a new one.
  let attempt = 0;
  const ackAlarm = createAlarm(clock, () => acknowledge());

  const ref = (): string => `${(lastRef += 1)}`;
  const bytesOf = (some: readonly Sending[]): number => some.reduce((sum, { size }) => sum + size, 0);
  const inFlight = (): Sending[] => pushes.filter(({ seq }) => seq > taken).sort((a, b) => a.seq - b.seq);
  const isTooLarge = ({ size }: Sending): boolean =>
    !!granted && size > Math.min(granted.limits.payloadBytes, granted.limits.windowBytes);

  const settleDebt = (): void => {
    ackAlarm.clear();
    owedMessages = owedBytes = 0;
  };
  const control = (event: string, payload: object): string => JSON.stringify([null, ref(), "phoenix", event, payload]);
  const acknowledge = (): void => {
    settleDebt();
    write?.(control("ack", { ack: handled }));
  };

  const put = (push: Sending): void => {
    // Bytes carry no acknowledgement.
    if (typeof push.data === "string") settleDebt();
    write?.(encodePush(push, push.joinRef, push.seq, handled));
  };

  /** Ends a push on this side. `isNews` if that comes from no act of the app on it: then it must not pass unseen. */
  const end = (push: Sending, code: PushErrorCode, isNews?: boolean): void => {
    if (push.settled) return;
    const error = new PushError(code, push.joinRef ? "unknown" : "not_sent", push);
    push.settle(code === "timeout" ? code : "error", error.response, error);
    if (isNews) emit("error", error);
  };

  const flush = (): void => {
    if (!write || !granted) return;
    const { windowMessages, windowBytes } = granted.limits;
    const flying = inFlight();
    let bytes = bytesOf(flying);
    for (const push of pushes) {
      if (push.seq || push.settled || !(push.control || push.target.open)) continue;
      bytes += push.size;
      if (flying.length >= windowMessages || bytes > windowBytes) return;
      flying.push(push);
      push.seq = lastSeq += 1;
      push.joinRef = push.target.joinRef;
      put(push);
    }
  };

  const taking = (seq: unknown): boolean => {
    if (typeof seq !== "number" || seq > lastSeq) return false;
    taken = Math.max(taken, seq);
    pushes = pushes.filter((push) => !push.settled || push.seq > taken);
    flush();
    return true;
  };

  /** Begins to count anew, with these pushes. */
  const restart = (waiting: readonly Sending[]): void => {
    for (const push of pushes) push.seq = 0;
    pushes = waiting;
    lastSeq = taken = 0;
  };

  /** There is no session any more. With a reason the app is told of the one that was, and all begins anew. */
  const lose = (reason?: string): void => {
    const sessionId = granted?.sid;
    granted = undefined;
    received = handled = attempt = 0;
    settleDebt();
    if (!sessionId || !reason) return;
    emit("lost", { sessionId, reason });
    const before = pushes;
    restart(before.filter((push) => !push.control && (!push.seq || (push.id && !push.settled))));
    for (const push of before) {
      if (push.event === "phx_leave") push.settle("ok", {});
      if (!pushes.includes(push) && !push.control) end(push, "session_lost", true);
    }
    for (const channel of [...channels.values()]) channel.renew("session_lost");
  };

  const endReplay = (): void => {
    if (handled < replayEnd) return;
    replayEnd = Infinity;
    for (const channel of [...channels.values()]) {
      if (channel.state === "joined" && !channel.open) channel.renew("not_joined");
    }
  };

  const take = ({ joinRef, ref, topic, event, payload, seq = Infinity, ack = 0 }: Frame, size: number): boolean => {
    const { ack: alone, status, response = {} } = asObject(payload);
    if (topic === "phoenix") {
      if (event === "ping") acknowledge();
      return taking(event === "ack" ? alone : 0);
    }
    if (!taking(ack)) return false;
    if (seq === received + 1) {
      received = seq;
      if (event !== "phx_reply") channels.get(topic)?.receive(joinRef, event, payload);
      else pushes.find((push) => push.ref === ref)?.settle(`${status}`, response);
    }
    if (seq > received) return false;
    // Dropped duplicates count as well: the server sends them because it knows of no acknowledgement.
    handled = Math.max(handled, seq);
    owedMessages += 1;
    owedBytes += size;
    if (owedMessages > 31 || owedBytes >= 65_536) acknowledge();
    else if (owedMessages === 1) ackAlarm.set(1_000);
    endReplay();
    return true;
  };

  const session: Session = {
    settings,
    emit,
    channels,
    id: () => granted?.sid,
    control,
    push: (content) => createPush(content, settings, (push) => end(push, "timeout")),
    send(push) {
      push.ref = ref();
      // Measured at its longest: the join's ref is an earlier one, so not longer, and no number is longer than the last.
      const longest = Number.MAX_SAFE_INTEGER;
      push.size = byteLength(encodePush(push, push.ref, longest, longest));
      const kept = pushes.filter(({ seq, settled }) => seq > taken || !(seq || settled));
      const isFull = kept.length >= outbox.messages || bytesOf(kept) + push.size > outbox.bytes;
      if (isTooLarge(push)) return end(push, "too_large", true);
      if (isFull && !push.control) return end(push, "outbox_full", true);
      pushes = [...pushes, push];
      if (write) push.alarm.set(push.timeoutMs);
      flush();
    },
    fail(code, fits) {
      for (const push of pushes) if (fits(push)) end(push, code);
    },
    flush,
    resume() {
      if (!granted) return { intent: "new" };
      const { sid, secret, epoch } = granted;
      attempt += 1;
      const txNext = lastSeq + 1;
      const txFirst = inFlight()[0]?.seq ?? txNext;
      return { intent: "resume", resume: { sid, secret, epoch, rx: handled, txFirst, txNext, attempt } };
    },
    connect(welcome, writer) {
      const { resumed, sid, rx, tx, reason = "unknown", topics } = welcome;
      if (!resumed) lose(reason);
      else if (sid !== granted?.sid || !taking(rx)) return false;
      granted = welcome;
      replayEnd = tx;
      for (const channel of channels.values()) channel.open &&= Object.hasOwn(topics, channel.topic);
      write = writer;
      // Shows the server that the new secret has arrived, so that the one before can be worth nothing.
      acknowledge();
      for (const push of inFlight()) put(push);
      for (const push of pushes) {
        if (!push.seq && isTooLarge(push)) end(push, "too_large", true);
        else if (!push.settled) push.alarm.set(push.timeoutMs);
      }
      flush();
      for (const [topic, state] of Object.entries(topics)) {
        if (state === "gap") channels.get(topic)?.receive(null, "phx_gap", { reason: "lost" });
      }
      endReplay();
      return true;
    },
    receive(frame, size) {
      if (frame && take(frame, size)) return true;
      if (violatedAt === received) lose("corrupt");
      violatedAt = received;
      return false;
    },
    disconnect() {
      write = undefined;
      ackAlarm.clear();
      for (const { alarm } of pushes) alarm.clear();
    },
    lose,
    end() {
      acknowledge();
      write?.(control("bye", {}));
      lose();
      session.fail("disconnected", () => true);
      restart(pushes);
      for (const channel of [...channels.values()]) channel.suspend();
    },
  };
  return session;
}
