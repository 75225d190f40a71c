import { CloseCode, decodeCloseReason, isTerminal } from "../protocol/close-codes.js";
import { decodeTextFrame, encodeBody, type Frame, sealBody } from "../protocol/frame.js";
import { type Hello, parseAnswer, type Welcome } from "../protocol/handshake.js";
import { ControlEvent, PHOENIX_TOPIC } from "../protocol/names.js";
import { Backoff } from "./backoff.js";
import { Alarm } from "./clock.js";
import { SocketError } from "./errors.js";
import type { SocketSettings } from "./options.js";
import type { SocketClose, SocketState } from "./socket-state.js";
import { Watchdog } from "./watchdog.js";
import { Wire, type WebSocketClass, type WireOwner } from "./wire.js";

/** What a connection asks and tells its owner. */
export interface ConnectionOwner {
  /** Whether there is a session to resume. */
  hasSession(): boolean;
  makeRef(): string;
  hello(token: string | undefined): Hello;
  /** A session was granted. Gives what is wrong with it, or nothing. */
  welcomed(welcome: Welcome): string | undefined;
  /** A frame came. `size` is its length; gives what is wrong with it, or nothing. */
  received(frame: Frame, size: number): string | undefined;
  /** The server broke the protocol; the connection is dropped next. */
  violated(): void;
  /** The connection is lost, and nothing may be written. Calls nothing of the app. */
  detached(): void;
  /** The loss has been dealt with: the app may hear of it. */
  lost(close: SocketClose): void;
  /** No reconnect follows. */
  ended(state: SocketState): void;
  stateChanged(state: SocketState): void;
  failed(error: SocketError): void;
}

/**
 * Keeps one WebSocket up: makes it, asks for the session, watches it, and makes the next one after a loss.
 *
 * At most one wire is heard at a time. What a frame means is its owner's business.
 */
export class Connection implements WireOwner {
  readonly #url: string;
  readonly #webSocket: WebSocketClass;
  readonly #settings: SocketSettings;
  readonly #owner: ConnectionOwner;
  readonly #backoff: Backoff;
  readonly #watchdog: Watchdog;
  readonly #handshake: Alarm;
  readonly #retry: Alarm;
  #state: SocketState = { name: "closed", why: "new" };
  #wire: Wire | undefined;
  #attached = false;
  #helloRef = "";
  #token: string | undefined;
  #round = 0;
  #retryHintMs: number | undefined;
  #notBeforeMs = 0;
  #unsubscribe: (() => void) | undefined;

  constructor(url: string, webSocket: WebSocketClass, settings: SocketSettings, owner: ConnectionOwner) {
    this.#url = url;
    this.#webSocket = webSocket;
    this.#settings = settings;
    this.#owner = owner;
    const { clock } = settings;
    this.#backoff = new Backoff(settings.backoff, settings.random);
    this.#watchdog = new Watchdog(clock, () => this.drop(CloseCode.heartbeat, "the server was silent for too long"));
    this.#handshake = new Alarm(clock, () => this.drop(CloseCode.heartbeat, "the server did not answer hello in time"));
    this.#retry = new Alarm(clock, () => this.#attempt());
  }

  /** Where it stands. */
  get state(): SocketState {
    return this.#state;
  }

  /** Connects, or tries again at once while it waits. */
  connect(): void {
    if (this.#state.name !== "closed" && this.#state.name !== "waiting") return;
    if (this.#state.name === "closed") this.#backoff.reset();
    this.#unsubscribe ??= this.#settings.wake(() => this.#wake());
    this.#attempt();
  }

  /** Writes a frame; nothing happens while it is not attached. */
  send(text: string): void {
    if (this.#attached) this.#wire?.send(text);
  }

  /** The server asked not to be tried again before that many milliseconds, whatever code the loss will have. */
  hintRetry(retryAfterMs: number): void {
    this.#retryHintMs = retryAfterMs;
  }

  /** Gives the WebSocket up as if it were lost; the session stays. */
  drop(code: number, reason: string): void {
    if (this.#state.name !== "open" && this.#state.name !== "connecting" && this.#state.name !== "resuming") return;
    this.#wire?.release(code, reason);
    this.#lose({ code, reason });
  }

  /** Closes for good. `closed` is called when the WebSocket has closed, at once if there is none. */
  close(code: number, reason: string, closed: () => void): void {
    if (this.#wire === undefined) closed();
    else this.#wire.release(code, reason, closed);
    const over = this.#state.name === "closed" && this.#state.why !== "attempts";
    if (!over) this.#end({ name: "closed", why: "disconnected" });
  }

  wireOpened(wire: Wire): void {
    if (wire !== this.#wire) return;
    const ref = this.#owner.makeRef();
    this.#helloRef = ref;
    try {
      wire.send(sealBody(encodeBody(null, ref, PHOENIX_TOPIC, ControlEvent.hello, this.#owner.hello(this.#token))));
    } catch (error) {
      this.#optionFailed("params", error);
    }
  }

  wireReceived(wire: Wire, data: unknown): void {
    if (wire !== this.#wire) return;
    this.#watchdog.feed();
    if (typeof data !== "string") {
      this.#violated("Cannot read a frame: expected text, got bytes");
      return;
    }
    const decoded = decodeTextFrame(data);
    const problem = !decoded.ok
      ? decoded.reason
      : this.#attached
        ? this.#owner.received(decoded.frame, data.length)
        : this.#answered(decoded.frame);
    // A callback may have dropped this very connection.
    if (problem !== undefined && wire === this.#wire) this.#violated(problem);
  }

  wireClosed(wire: Wire, code: number, reason: string): void {
    if (wire === this.#wire) this.#lose({ code, ...decodeCloseReason(reason) });
  }

  #attempt(): void {
    this.#retry.clear();
    this.#retryHintMs = undefined;
    this.#round += 1;
    const round = this.#round;
    this.#handshake.set(this.#settings.helloTimeoutMs);
    this.#enter({ name: this.#owner.hasSession() ? "resuming" : "connecting", attempt: this.#backoff.attempt });
    // The app may have changed its mind when it heard of the state.
    if (round !== this.#round) return;
    const { token } = this.#settings;
    if (typeof token !== "function") {
      this.#open(token);
      return;
    }
    try {
      const answer = token();
      if (typeof answer !== "object") {
        this.#open(answer);
        return;
      }
      answer.then(
        (text) => round === this.#round && this.#open(text),
        (error: unknown) => round === this.#round && this.#optionFailed("token", error),
      );
    } catch (error) {
      this.#optionFailed("token", error);
    }
  }

  #optionFailed(name: string, cause: unknown): void {
    this.#owner.failed(
      new SocketError("option_failed", `Cannot connect: the function of the option ${name} failed`, { cause }),
    );
    this.drop(CloseCode.dropped, `no ${name}`);
  }

  #open(token: string | undefined): void {
    this.#token = token;
    try {
      this.#wire = new Wire(new this.#webSocket(this.#url), this);
    } catch (cause) {
      this.#owner.failed(
        new SocketError("connection", `Cannot connect to ${this.#url}: the WebSocket refused`, { cause }),
      );
      this.drop(CloseCode.abnormal, "the WebSocket refused the URL");
    }
  }

  #answered({ topic, event, ref, payload }: Frame): string | undefined {
    if (topic !== PHOENIX_TOPIC || event !== ControlEvent.reply || ref !== this.#helloRef) return undefined;
    const answer = parseAnswer(payload);
    if (answer.kind === "malformed") return answer.reason;
    if (answer.kind === "refused") {
      // The close that follows ends this attempt; it may have no room for the time to wait.
      const { reason, retryAfterMs } = answer.refusal;
      if (retryAfterMs !== undefined) this.hintRetry(retryAfterMs);
      this.#owner.failed(new SocketError("refused", `Cannot open a session: the server refused with "${reason}"`));
      return undefined;
    }
    const { welcome } = answer;
    const round = this.#round;
    this.#handshake.clear();
    this.#attached = true;
    this.#backoff.opened(this.#settings.clock.now());
    this.#watchdog.start(welcome.heartbeatMs + this.#settings.watchdogGraceMs);
    const problem = this.#owner.welcomed(welcome);
    if (problem !== undefined || round !== this.#round) return problem;
    this.#enter({ name: "open", sessionId: welcome.sid, resumed: welcome.resumed });
    return undefined;
  }

  #violated(problem: string): void {
    this.#owner.failed(new SocketError("protocol", problem));
    this.#owner.violated();
    this.drop(CloseCode.dropped, "protocol error");
  }

  #lose(close: SocketClose): void {
    this.#release();
    const retryAfterMs = close.retryAfterMs ?? this.#retryHintMs ?? 0;
    const nowMs = this.#settings.clock.now();
    const jitterMs = isTerminal(close.code) ? undefined : this.#backoff.next(nowMs);
    if (jitterMs === undefined) {
      this.#end({ name: "closed", why: isTerminal(close.code) ? "final" : "attempts", close });
    } else {
      const delayMs = Math.max(jitterMs, retryAfterMs);
      this.#notBeforeMs = nowMs + retryAfterMs;
      this.#retry.set(delayMs);
      this.#enter({ name: "waiting", attempt: this.#backoff.attempt, untilMs: nowMs + delayMs, delayMs, close });
    }
    this.#owner.lost(close);
  }

  #wake(): void {
    const waited = this.#state.name === "waiting" && this.#settings.clock.now() >= this.#notBeforeMs;
    if (waited && this.#backoff.wake()) this.#attempt();
  }

  #release(): void {
    this.#round += 1;
    this.#wire = undefined;
    this.#attached = false;
    this.#handshake.clear();
    this.#watchdog.stop();
    this.#owner.detached();
  }

  #end(state: SocketState): void {
    this.#release();
    this.#retry.clear();
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#state = state;
    this.#owner.ended(state);
    this.#owner.stateChanged(state);
  }

  #enter(state: SocketState): void {
    this.#state = state;
    this.#owner.stateChanged(state);
  }
}
