import type { JsonObject } from "../protocol/handshake.js";
import { asObject } from "./answer.js";
import { backoffDelay } from "./backoff.js";
import type { ChannelEvents, EventName, EventsIn, EventsOut, PushArguments, ReplyTo } from "./channel-events.js";
import { createAlarm } from "./clock.js";
import { type PushErrorCode, SocketError } from "./errors.js";
import { byteLength, type Encoded } from "./frames.js";
import { type Callback, createListeners } from "./listeners.js";
import type { Push, PushTarget, Sending, Settle } from "./push.js";
import type { Session } from "./session.js";

/** Where a channel stands: `closed` before its join and after its end, `errored` while it waits to be joined again. */
export type ChannelState = "closed" | "joining" | "joined" | "leaving" | "errored";

/** What a channel tells the server when it is joined; a function is asked anew for each join. */
export type ChannelParams = JsonObject | (() => JsonObject);

/** How one push is sent. */
export interface PushOptions {
  /** How long to wait for the reply while connected. Default: the socket's `timeoutMs`, 10,000. */
  readonly timeoutMs?: number;
  /**
   * Whether it may be sent again in a new session. It then carries an id, by which the server knows it for two minutes: what was
   * handled is not handled again, and its reply comes back. Default `false`.
   */
  readonly idempotent?: boolean;
}

/**
 * What was not delivered of a topic, as the server announced it.
 *
 * `from` and `to` are the first and the last offset that are missing, in the topic's log of that `epoch`; they are missing themselves
 * if the server could not say. `reason`: `overflow` (more was sent than is kept), `conflated` (newer messages with the same key have
 * taken the place), `lost` (nothing is known).
 */
export interface ChannelGap {
  readonly epoch?: string;
  readonly from?: number;
  readonly to?: number;
  readonly reason?: "overflow" | "conflated" | "lost";
}

/**
 * One topic of a socket: joined, listened to, pushed to.
 *
 * A dropped connection does not show here: a channel stays joined while its session lives. It is joined again by itself when the
 * session was lost or the channel crashed on the server (`onError` tells), but not when the server closed it (`onClose` tells).
 * The type argument declares its events, see {@link ChannelEvents}.
 */
export interface Channel<E extends ChannelEvents = ChannelEvents> {
  readonly topic: string;
  /** Where the channel stands. */
  readonly state: ChannelState;
  /** The ref of the latest join; `null` before the first. */
  readonly joinRef: string | null;
  /**
   * Joins the topic. The push's callbacks are called again each time it is joined again.
   *
   * A refused join is tried again after a growing, random delay until it succeeds or `leave()` is called. Another channel that
   * the socket has joined for this topic ends.
   *
   * @throws {SocketError} `joined_twice` if it was called before: a channel is joined once, make another for the topic
   */
  join(timeoutMs?: number): Push<ReplyTo<E, "phx_join">>;
  /**
   * Sends an event. It is kept while the channel is not joined or the socket is offline, and sent once, in order.
   *
   * The payload is any JSON value or bytes (`Uint8Array`, `ArrayBuffer`), taken as it is now. Default `{}`.
   *
   * @throws {SocketError} `bad_push` before `join()`, for an event of the protocol (`phx_...`), for a payload that has no JSON form,
   * and for bytes if topic and event have more than 255 bytes together
   */
  push<Event extends EventName<EventsOut<E>>>(
    event: Event,
    ...payloadAndOptions: PushArguments<EventsOut<E>[Event], PushOptions>
  ): Push<ReplyTo<E, Event>>;
  /** Calls back with the payload of each message of this event, bytes as a `Uint8Array`. Gives the number that `off` takes. */
  on<Event extends EventName<EventsIn<E>>>(event: Event, callback: (payload: EventsIn<E>[Event]) => void): number;
  /** Removes the callback of this number, or all of the event. */
  off(event: EventName<EventsIn<E>>, ref?: number): void;
  /** Calls back when the channel has ended: left, closed by the server, or replaced by another of its topic. */
  onClose(callback: (reason: unknown) => void): number;
  /** Calls back when the channel was lost and will be joined again by itself. */
  onError(callback: (reason: unknown) => void): number;
  /** Calls back when the server could not deliver some of the topic's messages: what is shown should be fetched anew. */
  onGap(callback: (gap: ChannelGap) => void): number;
  /** Leaves the topic: pushes made before are still sent, if the channel is joined. Ends with `ok`, and `onClose` is called. */
  leave(timeoutMs?: number): Push;
}

/** A channel as its socket sees it. */
export interface ChannelControl extends Channel, PushTarget {
  readonly topic: string;
  readonly joinRef: string | null;
  open: boolean;
  /** Takes a frame of its topic that is no reply. */
  receive(joinRef: string | null, event: string, payload: unknown): void;
  /** Joins again in a new session, or because the server does not have the channel; `reason` is why it was lost. */
  renew(reason?: string): void;
  /** The socket has ended; the next `connect()` joins again. */
  suspend(): void;
}

/** Makes a channel that is not joined yet. */
export function createChannel(topic: string, params: ChannelParams, session: Session): ChannelControl {
  const { settings, channels } = session;
  const { random, reportError } = settings;
  const listeners = createListeners(reportError);
  let state: ChannelState = "closed";
  let failures = 0;
  // What the app sees of the join, and the attempt that is going on for it.
  let join: Sending | undefined;
  let attempt: Sending | undefined;
  const rejoin = createAlarm(settings.clock, () => sendJoin());

  const make = (event: string, data: Encoded, timeoutMs?: number, control?: Settle, id?: string): Sending =>
    session.push({ target: channel, event, data, timeoutMs, id, control });

  const failAll = (code: PushErrorCode, writtenOnly?: boolean): void =>
    session.fail(
      code,
      (push) => push.target === channel && (!push.control || push === attempt) && (!writtenOnly || push.seq),
    );

  /** The server does not have the channel any more, as far as is known. */
  const lose = (next: ChannelState): void => {
    state = next;
    channel.open = false;
    rejoin.clear();
  };

  const retry = (): void => {
    lose("errored");
    rejoin.set(backoffDelay(failures, settings));
    failures += 1;
  };

  const sendJoin = (): void => {
    if (!join) return;
    let data: string;
    try {
      data = JSON.stringify(typeof params === "function" ? params() : params);
    } catch (error) {
      reportError(error);
      retry();
      return;
    }
    lose("joining");
    join.renew();
    const before = attempt;
    const mine = make("phx_join", data, join.timeoutMs, (status, response, error) => {
      if (mine !== attempt) return;
      if (status === "ok") {
        failures = 0;
        channel.open = true;
        if (state === "joining") state = "joined";
        session.flush();
      } else if (state === "joining") {
        // The server may have joined it all the same, and would then keep it beside the next attempt.
        if (status === "timeout" && mine.joinRef) session.send(make("phx_leave", "{}", undefined, () => undefined));
        retry();
      }
      join?.settle(status, response, error);
    });
    attempt = mine;
    before?.settle("", {});
    session.send(mine);
  };

  const close = (reason: unknown): void => {
    if (state === "closed") return;
    lose("closed");
    channels.delete(topic);
    failAll("channel_closed");
    listeners.emit("phx_close", reason);
  };

  /** Callbacks run here: the channel may have been left when they return. */
  const crash = (reason: unknown, again: () => void): void => {
    lose("errored");
    failAll("channel_error", true);
    listeners.emit("phx_error", reason);
    if (channel.state === "errored") again();
  };

  const channel: ChannelControl = {
    topic,
    open: false,
    get state() {
      return state;
    },
    get joinRef() {
      return attempt?.ref ?? null;
    },
    join(timeoutMs) {
      if (join) throw new SocketError("joined_twice", topic);
      join = make("phx_join", "", timeoutMs);
      channels.get(topic)?.receive(null, "phx_close", { reason: "superseded" });
      channels.set(topic, channel);
      sendJoin();
      return join;
    },
    push(event: string, payload: unknown = {}, { timeoutMs, idempotent }: PushOptions = {}) {
      const isBytes = payload instanceof Uint8Array || payload instanceof ArrayBuffer;
      let data: Encoded | undefined;
      let cause: unknown;
      try {
        // The declared type leaves it out, yet undefined and functions give undefined.
        data = isBytes ? new Uint8Array(payload.slice(0)) : JSON.stringify(payload);
      } catch (error) {
        cause = error;
      }
      if (!join || !data || event.startsWith("phx_") || (isBytes && byteLength(topic + event) > 255)) {
        throw new SocketError("bad_push", `${event} on ${topic}`, cause);
      }
      const push = make(event, data, timeoutMs, undefined, idempotent ? `${random.next()}${random.next()}` : undefined);
      session.send(push);
      if (state === "closed" || state === "leaving") session.fail("channel_closed", (other) => other === push);
      return push;
    },
    on: (event: string, callback: Callback) => listeners.add(event, callback),
    off: (event, ref) => listeners.remove((each, kind) => kind === event && (ref ?? each) === each),
    onClose: (callback) => listeners.add("phx_close", callback),
    onError: (callback) => listeners.add("phx_error", callback),
    onGap: (callback) => listeners.add("phx_gap", callback),
    leave(timeoutMs) {
      const push = make("phx_leave", "{}", timeoutMs, () => close({ reason: "left" }));
      if (state === "joined" || (state === "joining" && attempt?.joinRef)) {
        state = "leaving";
        if (!channel.open) failAll("channel_closed");
        session.send(push);
      } else {
        // The server does not have it, so there is nobody to ask.
        push.settle("ok", {});
      }
      return push;
    },
    receive(joinRef, event, payload) {
      if (state === "closed" || (joinRef ?? channel.joinRef) !== channel.joinRef) return;
      if (event === "phx_close") return close(payload);
      if (event === "phx_error") {
        if (state === "leaving") return close({ reason: "left" });
        return crash(payload, retry);
      }
      if (event === "phx_gap") session.emit("gap", { topic, ...asObject(payload) });
      listeners.emit(event, payload);
    },
    renew(reason) {
      if (state === "joined") crash({ reason }, sendJoin);
      else if (state !== "closed") sendJoin();
    },
    suspend() {
      if (state !== "closed") lose("errored");
    },
  };
  return channel;
}
