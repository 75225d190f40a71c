import { encodePayload, type Frame } from "../protocol/frame.js";
import type { JsonObject } from "../protocol/handshake.js";
import { ChannelEvent, isReservedEvent } from "../protocol/names.js";
import { type BackoffRules, backoffDelay } from "./backoff.js";
import { Alarm, type ClientClock, type ClientRandom } from "./clock.js";
import type { Delivery } from "./delivery.js";
import { SocketError } from "./errors.js";
import { type ErrorReporter, Listeners, RefSource } from "./listeners.js";
import { Push, type PushTarget } from "./push.js";

/** Where a channel stands: `closed` before its join and after its end, `errored` while it waits to be joined again. */
export type ChannelState = "closed" | "joining" | "joined" | "leaving" | "errored";

/** What a channel tells the server when it is joined; a function is asked anew for each join. */
export type ChannelParams = JsonObject | (() => JsonObject);

/** How one push is sent. */
export interface PushOptions {
  /** How long to wait for the reply while connected. Default: the socket's `timeoutMs`, 10,000. */
  readonly timeoutMs?: number;
  /** Whether it may be sent again in a new session although the server may have handled it already. Default `false`. */
  readonly idempotent?: boolean;
}

/** What a channel needs of its socket. */
export interface ChannelHost {
  readonly delivery: Delivery;
  readonly clock: ClientClock;
  readonly random: ClientRandom;
  readonly backoff: BackoffRules;
  readonly timeoutMs: number;
  readonly report: ErrorReporter;
  /** Makes this the channel of its topic and gives the one that was it until now. */
  enter(channel: Channel): Channel | undefined;
  /** Frames of the topic reach the channel no longer. */
  leave(channel: Channel): void;
}

/**
 * One topic of a socket: joined, listened to, pushed to.
 *
 * A dropped connection does not show here: a channel stays joined while its session lives. It is joined again by itself when the
 * session was lost or the channel crashed on the server (`onError` tells), but not when the server closed it (`onClose` tells).
 */
export class Channel implements PushTarget {
  readonly topic: string;
  readonly #host: ChannelHost;
  readonly #params: ChannelParams;
  readonly #refs = new RefSource();
  readonly #bindings = new Map<string, Listeners<unknown>>();
  readonly #closed: Listeners<unknown>;
  readonly #errored: Listeners<unknown>;
  readonly #rejoin: Alarm;
  #state: ChannelState = "closed";
  #open = false;
  #doubtful = false;
  #joinPush: Push | undefined;
  #failures = 0;

  /** @internal Made by `socket.channel`. */
  constructor(topic: string, params: ChannelParams, host: ChannelHost) {
    this.topic = topic;
    this.#params = params;
    this.#host = host;
    this.#closed = new Listeners(this.#refs, host.report);
    this.#errored = new Listeners(this.#refs, host.report);
    this.#rejoin = new Alarm(host.clock, () => this.#sendJoin());
  }

  /** Where the channel stands. */
  get state(): ChannelState {
    return this.#state;
  }

  /** The ref of the latest join; `null` before the first. */
  get joinRef(): string | null {
    return this.#joinPush?.ref ?? null;
  }

  /** Whether the server has the channel joined, as far as is known, so that pushes may be written. */
  get open(): boolean {
    return this.#open;
  }

  /**
   * Joins the topic. The push's callbacks are called again each time it is joined again.
   *
   * A refused join is tried again after a growing, random delay until it succeeds or `leave()` is called. Another channel that
   * the socket has joined for this topic ends.
   *
   * @throws {SocketError} `joined_twice` if it was called before: a channel is joined once, make another for the topic
   */
  join(timeoutMs = this.#host.timeoutMs): Push {
    if (this.#joinPush !== undefined) {
      throw new SocketError(
        "joined_twice",
        `Cannot join ${this.#name()}: expected one join() per channel, got another`,
      );
    }
    const push = new Push(this, ChannelEvent.join, "{}", { timeoutMs, control: true });
    push
      .receive("ok", () => this.#joined())
      .receive("error", () => this.#joinFailed())
      .receive("timeout", () => {
        // The server may have joined it all the same, and would then keep it beside the next attempt.
        if (push.written && this.#state === "joining") this.#host.delivery.send(this.#control(ChannelEvent.leave));
        this.#joinFailed();
      });
    this.#joinPush = push;
    this.#host.enter(this)?.supersede();
    this.#sendJoin();
    return push;
  }

  /**
   * Sends an event. It is kept while the channel is not joined or the socket is offline, and sent once, in order.
   *
   * @param payload any JSON value; taken as it is now. Default `{}`
   * @throws {SocketError} `bad_push` before `join()`, or for an event of the protocol (`phx_...`)
   * @throws {PayloadError} if the payload has no JSON form
   */
  push(event: string, payload: unknown = {}, options: PushOptions = {}): Push {
    if (this.#joinPush === undefined) {
      throw new SocketError("bad_push", `Cannot push to ${this.#name()}: expected join() first, got push() before it`);
    }
    if (isReservedEvent(event)) {
      throw new SocketError("bad_push", `Cannot push to ${this.#name()}: expected an event of the app, got "${event}"`);
    }
    const { timeoutMs = this.#host.timeoutMs, idempotent = false } = options;
    const push = new Push(this, event, encodePayload(payload), { timeoutMs, idempotent });
    if (this.#state === "closed" || this.#state === "leaving") {
      this.#host.delivery.refuse(push, "channel_closed", `expected a joined channel, got one that is ${this.#state}`);
    } else {
      this.#host.delivery.send(push);
    }
    return push;
  }

  /** Calls back with the payload of each message of this event. Gives the number that `off` takes. */
  on(event: string, callback: (payload: unknown) => void): number {
    let listeners = this.#bindings.get(event);
    if (listeners === undefined) {
      listeners = new Listeners(this.#refs, this.#host.report);
      this.#bindings.set(event, listeners);
    }
    return listeners.add(callback);
  }

  /** Removes the callback of this number, or all of the event. */
  off(event: string, ref?: number): void {
    const listeners = this.#bindings.get(event);
    if (ref !== undefined) listeners?.remove(ref);
    if (ref === undefined || listeners?.empty) this.#bindings.delete(event);
  }

  /** Calls back when the channel has ended: left, closed by the server, or replaced by another of its topic. */
  onClose(callback: (reason: unknown) => void): number {
    return this.#closed.add(callback);
  }

  /** Calls back when the channel was lost and will be joined again by itself. */
  onError(callback: (reason: unknown) => void): number {
    return this.#errored.add(callback);
  }

  /** Leaves the topic: pushes made before are still sent, if the channel is joined. Ends with `ok`, and `onClose` is called. */
  leave(timeoutMs = this.#host.timeoutMs): Push {
    const push = this.#control(ChannelEvent.leave, timeoutMs);
    const done = (): void => this.#close({ reason: "left" });
    push.receive("ok", done).receive("error", done).receive("timeout", done);
    const joinWritten = this.#state === "joining" && this.#joinPush?.written === true;
    if (this.#state === "joined" || joinWritten) {
      this.#state = "leaving";
      if (!this.#open) this.#host.delivery.failOf(this, "channel_closed", "the channel was left");
      this.#host.delivery.send(push);
    } else {
      // The server does not have it, so there is nobody to ask.
      push.settle({ status: "ok", response: {} }, this.#host.report);
    }
    return push;
  }

  /** @internal Takes a frame of its topic that is no reply. */
  receive({ joinRef, event, payload }: Frame): void {
    if (this.#state === "closed" || (joinRef !== null && joinRef !== this.joinRef)) return;
    if (event === ChannelEvent.close) {
      this.#close(payload);
    } else if (event === ChannelEvent.error) {
      this.#failed(payload);
    } else {
      this.#bindings.get(event)?.emit(payload);
    }
  }

  /** @internal The session was resumed without this topic. What is still to come in the replay may say why; until then nothing is written. */
  doubt(): void {
    if (this.#state !== "joined") return;
    this.#doubtful = true;
    this.#open = false;
  }

  /** @internal The replay is over: a channel that the server does not have is joined again. */
  resolveDoubt(): void {
    if (!this.#doubtful || this.#state !== "joined") return;
    this.#crash({ reason: "not_joined" }, "the server has the channel no longer");
    if (this.#isErrored()) this.#sendJoin();
  }

  /** @internal A new session begins: the channel is joined in it. `reason` is given if an old one was lost. */
  renew(reason?: unknown): void {
    if (reason !== undefined && this.#state === "joined") {
      this.#lose();
      this.#errored.emit(reason);
    }
    if (this.#state !== "closed") this.#sendJoin();
  }

  /** @internal The socket has ended; the next `connect()` joins again. */
  suspend(): void {
    if (this.#state !== "closed") this.#lose();
  }

  /** @internal Another channel has taken its topic. */
  supersede(): void {
    this.#close({ reason: "superseded" });
  }

  #sendJoin(): void {
    const push = this.#joinPush;
    if (push === undefined) return;
    const params = this.#params;
    let payloadText: string;
    try {
      payloadText = encodePayload(typeof params === "function" ? params() : params);
    } catch (error) {
      this.#host.report(error);
      this.#retry();
      return;
    }
    this.#lose();
    this.#state = "joining";
    this.#host.delivery.forget(push);
    push.renew(payloadText);
    this.#host.delivery.send(push);
  }

  #joined(): void {
    // A reply that was overtaken: the channel has crashed since, and is about to be joined again.
    if (this.#state !== "joining" && this.#state !== "leaving") return;
    this.#failures = 0;
    this.#open = true;
    if (this.#state === "joining") this.#state = "joined";
    this.#host.delivery.flush();
  }

  #joinFailed(): void {
    if (this.#state === "joining") this.#retry();
  }

  #failed(reason: unknown): void {
    if (this.#state === "leaving") {
      this.#close({ reason: "left" });
      return;
    }
    this.#crash(reason, "the channel crashed on the server");
    if (this.#isErrored()) this.#retry();
  }

  /** Callbacks run here: the channel may have been left when they return. */
  #crash(reason: unknown, why: string): void {
    this.#lose();
    this.#host.delivery.failOf(this, "channel_error", why, true);
    this.#errored.emit(reason);
  }

  #isErrored(): boolean {
    return this.#state === "errored";
  }

  #retry(): void {
    const { backoff, random } = this.#host;
    this.#lose();
    this.#rejoin.set(backoffDelay(this.#failures, backoff, random));
    this.#failures += 1;
  }

  #lose(): void {
    this.#state = "errored";
    this.#open = false;
    this.#doubtful = false;
    this.#rejoin.clear();
  }

  #close(reason: unknown): void {
    if (this.#state === "closed") return;
    const { delivery } = this.#host;
    this.#lose();
    this.#state = "closed";
    this.#host.leave(this);
    if (this.#joinPush !== undefined) delivery.refuse(this.#joinPush, "channel_closed", "the channel was closed");
    delivery.failOf(this, "channel_closed", "the channel was closed");
    this.#closed.emit(reason);
  }

  #control(event: string, timeoutMs = this.#host.timeoutMs): Push {
    return new Push(this, event, "{}", { timeoutMs, control: true });
  }

  #name(): string {
    return `the channel "${this.topic}"`;
  }
}
