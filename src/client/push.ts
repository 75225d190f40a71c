import { type Alarm, createAlarm } from "./clock.js";
import { PushError } from "./errors.js";
import type { Encoded } from "./frames.js";
import { type Callback, callSafely } from "./listeners.js";
import type { SocketSettings } from "./options.js";

/**
 * One message to the server and what becomes of it.
 *
 * Two ways to learn that: `receive(status, callback)` as in phoenix.js, or `await push.reply`. It is no promise itself, so that
 * an async function can return it, and a push that nobody looks at never becomes an unhandled rejection.
 *
 * Failures on this side reach `receive("error")` with `{reason, outcome}`, a missing reply `receive("timeout")`.
 */
export interface Push<Reply = unknown> {
  /**
   * Calls back with the response when the push ends with this status: `ok`, `error`, `timeout`, or any other that the server uses.
   *
   * Called at once if it has ended already. A join calls back again each time the channel is joined again.
   */
  receive(status: "ok", callback: (response: Reply) => void): this;
  receive(status: string, callback: (response: unknown) => void): this;
  /**
   * The reply: resolves with the response of status `ok`, rejects with a {@link PushError} otherwise.
   *
   * Made when it is first read; of a join that is tried again, it is the attempt going on at that moment. A reply of bytes is a
   * `Uint8Array`.
   */
  readonly reply: Promise<Reply>;
  /** Whether it has ended. */
  readonly settled: boolean;
}

/** What a push needs to know of its channel at the moment it is written. */
export interface PushTarget {
  readonly topic: string;
  /** The ref of the channel's latest join. */
  readonly joinRef: string | null;
  /** Whether the server has the channel joined, so that its pushes may be written. */
  readonly open: boolean;
}

/** Hears how a push ended: by the server's reply, or with an error on this side. */
export type Settle = (status: string, response: unknown, error?: PushError) => void;

/** What a push is made of. */
export interface PushContent {
  readonly target: PushTarget;
  readonly event: string;
  readonly data: Encoded;
  /** How long it waits for its reply while connected. Default: the socket's. */
  readonly timeoutMs?: number | undefined;
  /** The id under which the server knows it across sessions, if it is idempotent. */
  readonly id?: string | undefined;
  /** Of a channel's join and leave: what to do when it ends. They are written whether or not the channel is joined. */
  readonly control?: Settle | undefined;
}

/** A push on its way to the server. */
export interface Sending extends Push, PushContent {
  readonly timeoutMs: number;
  ref: string;
  /** The channel's join when the push was written; `null` if it was not, and so cannot have reached the server. */
  joinRef: string | null;
  /** The most bytes that its frame can have. */
  size: number;
  /** Its number in this session; 0 until it is written there. */
  seq: number;
  /** Its time for a reply. */
  readonly alarm: Alarm;
  /** Ends the push, once: later results are ignored. */
  readonly settle: Settle;
  /** Begins anew, as a join does that is tried again; callbacks stay. */
  renew(): void;
}

/** Makes a push. `late` is called when its alarm fires. */
export function createPush(
  content: PushContent,
  { clock, timeoutMs, reportError }: SocketSettings,
  late: (push: Sending) => void,
): Sending {
  const hooks: Settle[] = [];
  let result: Parameters<Settle> | undefined;
  let reply: Promise<unknown> | undefined;
  const hook = (settle: Settle): void => {
    hooks.push(settle);
    if (result) settle(...result);
  };
  const push: Sending = {
    ...content,
    timeoutMs: content.timeoutMs ?? timeoutMs,
    ref: "",
    joinRef: null,
    size: 0,
    seq: 0,
    alarm: createAlarm(clock, () => late(push)),
    receive(status: string, callback: Callback) {
      hook((came, response) => {
        if (came === status) callback(response);
      });
      return push;
    },
    get reply() {
      return (reply ??= new Promise((resolve, reject) => {
        hook((status, response, error) => {
          if (status === "ok") resolve(response);
          else reject(error ?? new PushError("refused", "refused", push, response));
        });
      }));
    },
    get settled() {
      return !!result;
    },
    settle(...ended) {
      if (result) return;
      result = ended;
      push.alarm.clear();
      content.control?.(...ended);
      for (const settle of [...hooks]) callSafely(() => settle(...ended), reportError);
    },
    renew() {
      if (result) result = reply = undefined;
    },
  };
  return push;
}
