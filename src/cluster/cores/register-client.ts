import type { Clock } from "../../kernel/clock.js";
import type { RegisterEntry, RegisterWatcher, SharedRegister, WriteOutcome } from "../engine.js";
import { EngineError } from "../engine-error.js";
import { encodeMessage, type RegisterReply, type RegisterRequest } from "./register-message.js";

/** How long an answer of the host is waited for. */
const PATIENCE_MS = 1_000;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: EngineError): void;
}

/** The shared register as a core uses it: over its connection to the host. */
export class RegisterClient implements SharedRegister {
  readonly #clock: Clock;
  readonly #send: (frame: Uint8Array) => boolean;
  readonly #hangUp: () => void;
  readonly #waiting = new Map<number, Waiting>();
  readonly #watchers = new Map<number, RegisterWatcher>();
  #last = 0;
  #closed = false;

  constructor(clock: Clock, send: (frame: Uint8Array) => boolean, hangUp: () => void = ignore) {
    this.#clock = clock;
    this.#send = send;
    this.#hangUp = hangUp;
  }

  async get(key: string): Promise<RegisterEntry | undefined> {
    const answer = await this.#ask((number) => ({ kind: "get", number, key }));
    return isEntry(answer) ? answer : undefined;
  }

  async list(prefix: string): Promise<readonly RegisterEntry[]> {
    const answer = await this.#ask((number) => ({ kind: "list", number, key: prefix }));
    return Array.isArray(answer) ? answer.filter((entry: unknown): entry is RegisterEntry => isEntry(entry)) : [];
  }

  async put(key: string, value: Uint8Array, expected: number): Promise<WriteOutcome> {
    return outcomeOf(await this.#ask((number) => ({ kind: "put", number, key, value, expected })));
  }

  async delete(key: string, expected: number): Promise<WriteOutcome> {
    return outcomeOf(await this.#ask((number) => ({ kind: "delete", number, key, expected })));
  }

  watch(prefix: string, watcher: RegisterWatcher): () => void {
    const number = ++this.#last;
    this.#watchers.set(number, watcher);
    this.#send(encodeMessage({ kind: "watch", number, key: prefix }));
    return () => {
      if (this.#watchers.delete(number) && !this.#closed) this.#send(encodeMessage({ kind: "unwatch", number }));
    };
  }

  /** The host has said something. */
  reply(reply: RegisterReply): void {
    if (reply.kind === "answer") {
      this.#waiting.get(reply.number)?.resolve(reply.value);
    } else this.#watchers.get(reply.number)?.changed(reply);
  }

  /** Leaves the host: the connection is ended. */
  leave(): void {
    this.close();
    this.#hangUp();
  }

  /** The connection is over: whoever waits is told at once. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const waiting of this.#waiting.values()) waiting.reject(lost("The connection to the host is over"));
    this.#watchers.clear();
  }

  #ask(requestOf: (number: number) => RegisterRequest): Promise<unknown> {
    const number = ++this.#last;
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new EngineError("not_joined", "The core has left its host"));
      const timer = this.#clock.setTimer(PATIENCE_MS, () => {
        this.#waiting.delete(number);
        reject(lost(`The host did not answer within ${PATIENCE_MS} ms`));
      });
      const settle = (): void => {
        this.#waiting.delete(number);
        this.#clock.clearTimer(timer);
      };
      this.#waiting.set(number, {
        resolve: (value) => {
          settle();
          resolve(value);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      if (!this.#send(encodeMessage(requestOf(number))))
        this.#waiting.get(number)?.reject(lost("The host does not keep up"));
    });
  }
}

function ignore(): void {
  // Whoever opened the connection ends it.
}

function lost(text: string): EngineError {
  return new EngineError("unreachable", text);
}

function isEntry(value: unknown): value is RegisterEntry {
  return typeof value === "object" && value !== null && "revision" in value && typeof value.revision === "number";
}

function outcomeOf(value: unknown): WriteOutcome {
  if (typeof value === "object" && value !== null && "ok" in value) {
    if (value.ok === true && "revision" in value && typeof value.revision === "number") {
      return { ok: true, revision: value.revision };
    }
    const current = "current" in value ? value.current : undefined;
    return { ok: false, current: isEntry(current) ? current : undefined };
  }
  throw lost("The host gave an answer that is none");
}
