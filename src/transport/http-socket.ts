import type { Clock, ClockTimer } from "../kernel/clock.js";
import { checkClose } from "./close-check.js";
import type { PostedFrame } from "./frame-lines.js";
import type { SharedFrame } from "./shared-frame.js";
import { makeStreamToken, type Tokened } from "./stream-token.js";
import { DRAIN_PROMISE_BYTES, type SocketOwner, type TransportKind, type TransportSocket } from "./transport-socket.js";
import { joinTurn, type TurnWriter } from "./turn-writes.js";

/** What the conversations over HTTP at one mount have in common. */
export interface HttpSocketHost {
  readonly clock: Clock;
  /** How long a poll or a POST may wait. */
  readonly windowMs: number;
  /** How long the last words may wait for somebody to take them. */
  readonly closeTimeoutMs: number;
  readonly onError: (error: unknown) => void;
  /** What is written before the tokens of its conversations. */
  readonly prefix: string;

  /** The conversation is over: its token finds nothing any more. */
  forget(socket: HttpSocket): void;
}

/**
 * What becomes of a POST: its messages are `taken`; they wait and did not get their turn within the window (`late`); others wait before
 * them, so they were not taken (`busy`); or the conversation is over (`gone`).
 */
export type PostOutcome = "taken" | "late" | "busy" | "gone";

/** How a conversation ended, or is about to. */
export interface Closing {
  readonly code: number;
  readonly reason: string;
}

interface Post {
  readonly frames: readonly PostedFrame[];
  next: number;
  done: ((outcome: PostOutcome) => void) | undefined;
  timer: ClockTimer | undefined;
}

const OPEN = 0;
const CLOSING = 1;
const CLOSED = 2;

/**
 * A conversation over HTTP: messages come in the bodies of POSTs, and go out in whatever way a subclass has.
 *
 * Of the messages of one POST at most one body waits here while the owner does not read; the next one is refused until it has gone.
 */
export abstract class HttpSocket implements TransportSocket, TurnWriter, Tokened {
  abstract readonly kind: TransportKind;
  abstract readonly bufferedBytes: number;
  owner: SocketOwner | undefined = undefined;
  heard = true;
  readonly token = makeStreamToken();
  readonly remoteAddress: string;
  protected readonly host: HttpSocketHost;
  #state = OPEN;
  #reading = true;
  #post: Post | undefined = undefined;
  #joined = false;
  #drainOwed = false;
  #closing: Closing | undefined = undefined;
  #lastWords: ClockTimer | undefined = undefined;

  constructor(host: HttpSocketHost, remoteAddress: string) {
    this.host = host;
    this.remoteAddress = remoteAddress;
  }

  get open(): boolean {
    return this.#state === OPEN;
  }

  /** Whether the owner wants messages. */
  get reading(): boolean {
    return this.#reading;
  }

  /** How the owner has closed, while that is still to be told. */
  protected get closing(): Closing | undefined {
    return this.#closing;
  }

  sendText(text: string): void {
    if (this.#state === OPEN) this.#send(text);
  }

  sendBinary(bytes: Uint8Array): void {
    if (this.#state !== OPEN) return;
    this.#send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64"));
  }

  sendShared(frame: SharedFrame, suffix: string): void {
    if (this.#state !== OPEN) return;
    if (frame.binary) this.sendBinary(suffix === "" ? frame.body : Buffer.concat([frame.body, Buffer.from(suffix)]));
    else this.#send(frame.text + suffix);
  }

  #send(line: string): void {
    this.enqueue(line);
    if (this.bufferedBytes >= DRAIN_PROMISE_BYTES) this.#drainOwed = true;
    this.flushSoon();
  }

  /** Its token as the client gets it. */
  protected get placedToken(): string {
    return this.host.prefix + this.token;
  }

  abstract ping(): void;

  /** Gives the client what is queued, if it can be given now. */
  protected abstract writeOut(): void;

  /** Adds a line to what is to go out. */
  protected abstract enqueue(line: string): void;

  /** The owner has closed: says so to the client, behind what is queued, and calls {@link finish} when that is done. */
  protected abstract sayGoodbye(closing: Closing): void;

  /** Drops what is queued and cuts the client off. */
  protected abstract cut(): void;

  protected flushSoon(): void {
    if (this.#joined) return;
    this.#joined = true;
    joinTurn(this);
  }

  flush(): void {
    this.#joined = false;
    try {
      this.writeOut();
    } catch (error) {
      // Others wait behind this one, so it may not throw.
      this.fail(error);
    }
  }

  /** To be called when something has gone out. */
  protected wentOut(): void {
    if (!this.#drainOwed || this.#state !== OPEN || this.bufferedBytes > 0) return;
    this.#drainOwed = false;
    // Not from here: this may be inside of a call of the owner's.
    this.#tell((owner) => owner.onDrain(this));
  }

  close(code: number, reason: string): void {
    checkClose(code, reason);
    if (this.#state !== OPEN) return;
    this.#state = CLOSING;
    this.#closing = { code, reason };
    this.#endPost();
    this.#lastWords = this.host.clock.setTimer(this.host.closeTimeoutMs, () => this.#cutOff(code, reason));
    this.sayGoodbye(this.#closing);
  }

  terminate(): void {
    if (this.#state === CLOSED) return;
    this.#cutOff(1006, "");
  }

  #cutOff(code: number, reason: string): void {
    this.#state = CLOSING;
    this.#endPost();
    this.cut();
    // Later: the owner is told from the event loop, never from inside its own call.
    setImmediate(() => this.finish(code, reason));
  }

  /** Ends the conversation and tells the owner, once. */
  protected finish(code: number, reason: string): void {
    if (this.#state === CLOSED) return;
    this.#state = CLOSED;
    this.#reading = false;
    this.#endPost();
    if (this.#lastWords !== undefined) this.host.clock.clearTimer(this.#lastWords);
    this.host.forget(this);
    const { owner } = this;
    this.owner = undefined;
    try {
      owner?.onClose(this, code, reason);
    } catch (error) {
      this.host.onError(error);
    }
  }

  protected fail(error: unknown): void {
    this.terminate();
    this.host.onError(error);
  }

  pause(): void {
    if (this.#state === OPEN) this.#reading = false;
  }

  resume(): void {
    if (this.#state !== OPEN) return;
    this.#reading = true;
    this.flushSoon();
    if (this.#post !== undefined) setImmediate(() => this.#deliver());
  }

  /** Whether messages of an earlier POST still wait for their turn. */
  get busy(): boolean {
    return this.#post !== undefined;
  }

  /** Takes the messages of a POST, in order, and says what became of them. */
  take(frames: readonly PostedFrame[], done: ((outcome: PostOutcome) => void) | undefined): void {
    if (this.#state !== OPEN) return done?.("gone");
    this.heard = true;
    if (this.#post !== undefined) return done?.("busy");
    this.#post = { frames, next: 0, done: undefined, timer: undefined };
    this.await(done);
    this.#deliver();
  }

  /** Has `done` told what becomes of the POST that waits, in place of whom was to be told so far. */
  protected await(done: ((outcome: PostOutcome) => void) | undefined): void {
    const post = this.#post;
    if (post === undefined) return done?.("taken");
    this.#answer(post, "late");
    if (done === undefined) return;
    post.done = done;
    post.timer = this.host.clock.setTimer(this.host.windowMs, () => this.#answer(post, "late"));
  }

  #deliver(): void {
    const post = this.#post;
    if (post === undefined) return;
    try {
      while (this.#reading && this.#state === OPEN && post.next < post.frames.length) {
        const frame = post.frames[post.next];
        post.next += 1;
        if (typeof frame === "string") this.owner?.onText(this, frame);
        else if (frame !== undefined) this.owner?.onBinary(this, frame);
      }
    } catch (error) {
      this.fail(error);
    }
    if (this.#post !== post || post.next < post.frames.length) return;
    this.#post = undefined;
    this.#answer(post, "taken");
  }

  #endPost(): void {
    const post = this.#post;
    this.#post = undefined;
    if (post !== undefined) this.#answer(post, "gone");
  }

  #answer(post: Post, outcome: PostOutcome): void {
    const { done } = post;
    post.done = undefined;
    if (post.timer !== undefined) this.host.clock.clearTimer(post.timer);
    post.timer = undefined;
    done?.(outcome);
  }

  #tell(tell: (owner: SocketOwner) => void): void {
    setImmediate(() => {
      if (this.#state !== OPEN || this.owner === undefined) return;
      try {
        tell(this.owner);
      } catch (error) {
        this.fail(error);
      }
    });
  }
}
