import { CLOSE_DROPPED, CLOSE_HEARTBEAT, CLOSE_NORMAL, CLOSE_TOO_BIG } from "../protocol/close-codes.js";
import type { Frame } from "../protocol/frame.js";
import type { Welcome } from "../protocol/handshake.js";
import { asObject, isWelcome } from "./answer.js";
import { backoffDelay } from "./backoff.js";
import { type Alarm, createAlarm } from "./clock.js";
import { SocketError, type SocketErrorCode } from "./errors.js";
import { type Encoded, parseJson, readFrame } from "./frames.js";
import type { Session } from "./session.js";
import type { SocketClose, SocketState } from "./socket-state.js";
import type { WebSocketClass, WebSocketLike } from "./web-socket-like.js";

/**
 * Keeps one WebSocket up: makes it, asks for the session, watches it, and makes the next one after a loss.
 *
 * At most one is heard at a time: once it is given up, nothing of it reaches the session. What a frame means is the session's business.
 */
export interface Connection {
  /** Where it stands. */
  state(): SocketState;
  /** Connects, or tries again at once while it waits. */
  connect(): void;
  /** Gives the WebSocket up as if it were lost; the session stays. */
  drop(code?: number): void;
  /** Ends the session and closes for good. `closed` is called when the WebSocket has closed, at once if there is none. */
  close(closed: (() => void) | undefined, code: number, reason: string | undefined): void;
}

/** Makes a connection that is not connected yet, for a session that outlives it. */
export function createConnection(url: string, webSocket: WebSocketClass, session: Session): Connection {
  const { settings, emit } = session;
  const { clock, backoff, params, token, ttlMs, hidden } = settings;
  let state: SocketState = { name: "closed", why: "new" };
  let socket: WebSocketLike | undefined;
  // What the server has granted on the present connection.
  let welcome: Welcome | undefined;
  // Rises with each attempt and each loss: what was asked for before is not wanted any more.
  let round = 0;
  let attempt = 0;
  let openedAtMs = 0;
  let heardAtMs = 0;
  let silenceMs = 0;
  let hintMs = 0;
  let notBeforeMs = 0;
  let woken = false;
  let tokenOnItsWay: Promise<string | undefined> | undefined;
  let unsubscribe: (() => void) | undefined;

  // While it waits: until the next attempt. Otherwise: until the server has been silent for too long.
  const timer: Alarm = createAlarm(clock, () => {
    // Being heard costs one read of the clock; the timer is set anew only when it fires.
    const leftMs = heardAtMs + silenceMs - clock.now();
    if (state.name === "waiting") {
      if (mayTry()) start();
      else enter({ ...state, untilMs: Infinity });
    } else if (leftMs > 0) {
      timer.set(leftMs);
    } else {
      drop(CLOSE_HEARTBEAT);
    }
  });

  const watch = (limitMs: number): void => {
    heardAtMs = clock.now();
    silenceMs = limitMs;
    timer.set(limitMs);
  };

  const fail = (code: SocketErrorCode, what: unknown, cause?: unknown): void =>
    emit("error", new SocketError(code, what, cause));

  const enter = (next: SocketState): void => {
    state = next;
    emit("state", next);
  };

  /** While nobody sees the page only a session, which would expire meanwhile, is worth an attempt. */
  const mayTry = (): boolean => !hidden() || !!session.id();

  const wake = (): void => {
    if (state.name !== "waiting" || clock.now() < notBeforeMs || hidden()) return;
    // One that waits for just this does not use up the one attempt out of turn.
    const isEarly = state.untilMs < Infinity;
    if (woken && isEarly) return;
    woken ||= isEarly;
    start();
  };

  const optionFailed = (name: string, cause: unknown): void => {
    fail("option_failed", name, cause);
    // A token that cannot be renewed now is still good for a while.
    if (!welcome) drop();
  };

  /** Gets the token and goes on with it, if the connection is still the same by then. */
  const withToken = (then: (token?: string) => void): void => {
    if (typeof token !== "function") return then(token);
    const mine = round;
    tokenOnItsWay ??= new Promise<string | undefined>((resolve) => resolve(token())).finally(() => {
      tokenOnItsWay = undefined;
    });
    tokenOnItsWay.then(
      (text) => mine === round && then(text),
      (cause: unknown) => mine === round && optionFailed("token", cause),
    );
  };

  const start = (): void => {
    hintMs = 0;
    const mine = (round += 1);
    watch(settings.helloTimeoutMs);
    enter({ name: session.id() ? "resuming" : "connecting", attempt });
    // The app may have changed its mind when it heard of the state.
    if (mine !== round) return;
    withToken(dial);
  };

  const dial = (helloToken?: string): void => {
    let made: WebSocketLike;
    try {
      socket = made = new webSocket(url);
    } catch (cause) {
      fail("connection", url, cause);
      drop(1006);
      return;
    }
    made.binaryType = "arraybuffer";
    watch(settings.helloTimeoutMs);
    made.onopen = () => {
      if (made !== socket) return;
      try {
        made.send(
          session.control("hello", {
            v: 1,
            token: helloToken,
            params: typeof params === "function" ? params() : params,
            ttlMs,
            ...session.resume(),
          }),
        );
      } catch (cause) {
        optionFailed("params", cause);
      }
    };
    made.onmessage = ({ data }: { readonly data: string | ArrayBuffer }) => {
      if (made !== socket) return;
      if (welcome) heardAtMs = clock.now();
      const encoded = typeof data === "string" ? data : new Uint8Array(data);
      // A callback may drop this very connection.
      if (take(readFrame(encoded), encoded.length) || made !== socket) return;
      fail("protocol", `${encoded}`.slice(0, 99));
      drop();
    };
    made.onclose = ({ code, reason: text }: { readonly code: number; readonly reason: string }) => {
      if (made !== socket) return;
      const { reason = text, retryAfterMs } = asObject(parseJson(text));
      lose({ code, reason: `${reason}`, retryAfterMs: Number(retryAfterMs) || undefined });
    };
    // An error is always followed by a close, which says more. The handler has to be there: without one `ws` throws.
    made.onerror = () => undefined;
  };

  /** Takes a frame; `false` if it breaks the protocol. What comes before the answer to `hello` is not for us. */
  const take = (frame: Frame | undefined, size: number): boolean => {
    if (frame?.topic === "phoenix") {
      const payload = asObject(frame.payload);
      const answer = asObject(payload["response"]);
      const { status, reason, retryAfterMs } = { ...answer, ...payload };
      // Told by a drain or a refusal: the close that follows may have no room for the time to wait.
      hintMs = Number(retryAfterMs) || hintMs;
      if (status === "error") fail("refused", reason);
      else if (!welcome && frame.event === "phx_reply") return isWelcome(answer) && open(answer);
      if (frame.event === "token_expiring" && typeof token === "function" && !tokenOnItsWay) {
        withToken((text) => text && send(session.control("token", { token: text })));
      }
    }
    if (!welcome) return !!frame;
    if (frame) emit("message", frame);
    return session.receive(frame, size);
  };

  const open = (granted: Welcome): boolean => {
    welcome = granted;
    watch(granted.heartbeatMs + settings.watchdogGraceMs);
    openedAtMs = heardAtMs;
    if (!session.connect(granted, send)) return false;
    // The app may have dropped this very connection.
    if (welcome !== granted) return true;
    const opened = { name: "open", sessionId: granted.sid, resumed: granted.resumed } as const;
    enter(opened);
    emit("open", opened);
    return true;
  };

  // What is lost on the way is kept until it is acknowledged.
  const send = (frame: Encoded): void => socket?.send(frame);

  /** Hears no more of the WebSocket, and gives it. */
  const unhook = (): WebSocketLike | undefined => {
    const before = socket;
    socket = undefined;
    return before;
  };

  const release = (): void => {
    round += 1;
    unhook();
    welcome = undefined;
    timer.clear();
    session.disconnect();
  };

  const lose = (close: SocketClose): void => {
    const { code } = close;
    const nowMs = clock.now();
    if (welcome) {
      if (nowMs - openedAtMs >= backoff.stableMs) {
        attempt = 0;
        woken = false;
      }
    } else if (code < 4_000 || code === CLOSE_HEARTBEAT) {
      // Neither granted nor refused by a server: another token may come.
      tokenOnItsWay = undefined;
    }
    release();
    const range = Math.floor(code / 100);
    const isFinal = code === CLOSE_NORMAL || range === 40;
    if (isFinal || attempt >= backoff.maxAttempts) {
      end({ name: "closed", why: isFinal ? "final" : "attempts", close });
    } else {
      const { retryAfterMs = hintMs } = close;
      const delayMs = Math.max(backoffDelay(attempt, settings), retryAfterMs);
      attempt += 1;
      notBeforeMs = nowMs + retryAfterMs;
      timer.set(delayMs);
      enter({ name: "waiting", attempt, untilMs: nowMs + delayMs, delayMs, close });
    }
    emit("close", close);
    // A frame above the server's limit would be sent again and close the next connection as well.
    if (code === CLOSE_TOO_BIG) session.lose("too_large");
    if (range === 41) session.lose(close.reason || "expired");
  };

  const end = (next: SocketState & { readonly name: "closed" }): void => {
    unsubscribe?.();
    unsubscribe = undefined;
    state = next;
    if (next.why !== "attempts") session.end();
    release();
    enter(next);
  };

  const drop = (code: number = CLOSE_DROPPED): void => {
    if (state.name === "closed" || state.name === "waiting") return;
    unhook()?.close(code);
    lose({ code, reason: "" });
  };

  return {
    state: () => state,
    connect() {
      if (state.name === "closed") {
        attempt = 0;
        woken = false;
        unsubscribe = settings.wake(wake);
        for (const channel of [...session.channels.values()]) if (channel.state === "errored") channel.renew();
      } else if (state.name !== "waiting") {
        return;
      }
      start();
    },
    drop,
    close(closed, code, reason) {
      const before = socket;
      end({ name: "closed", why: "disconnected" });
      if (before) before.onclose = closed ?? null;
      else closed?.();
      before?.close(code, reason);
    },
  };
}
