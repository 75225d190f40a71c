import type { Socket } from "node:net";
import type { AnyRef } from "../../../kernel/actor-ref.js";
import type { ClockTimer } from "../../../kernel/clock.js";
import { type CoreExit, type CoreProcess, startCoreProcess } from "../../comedy.js";
import type { NodeIdentity } from "../../node-identity.js";
import { type CoreMessage, coreMessage, type HostMessage, wrap } from "../core-message.js";
import type { CorePlace } from "../core-place.js";
import type { CoresHost } from "./cores-host.js";
import type { Taker } from "./shared-listener.js";

/** How far a core has come. */
export type CoreState = "starting" | "ready" | "stopping" | "ended";

/** How a core has ended; `why` is what it said of it. */
export interface CoreEnd {
  readonly code: number | null;
  readonly signal: string | null;
  readonly why?: string;
}

/** Who hears of a {@link CoreLife}. */
export interface CoreOwner {
  /** The actor that stands for the core. */
  readonly actor: AnyRef;
  ready(): void;
  ended(end: CoreEnd): void;
}

/** One process of a core, from its start to its end. */
export class CoreLife implements Taker {
  readonly node: NodeIdentity;
  readonly #host: CoresHost;
  readonly #place: CorePlace;
  readonly #owner: CoreOwner;
  readonly #ended: Promise<void>;
  #resolveEnded: () => void = () => undefined;
  #process: CoreProcess | undefined;
  #state: CoreState = "starting";
  #takesMessages = false;
  #isKilled = false;
  #why: string | undefined;
  #startTimer: ClockTimer;

  constructor(host: CoresHost, place: CorePlace, owner: CoreOwner) {
    this.#host = host;
    this.#place = place;
    this.#owner = owner;
    this.node = { name: place.name, incarnation: place.incarnation };
    this.#ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    const { startTimeoutMs } = host.settings;
    this.#startTimer = host.clock.setTimer(startTimeoutMs, () => {
      this.fail(
        `It was not ready within ${startTimeoutMs} ms: its main module ${place.main} has to call createSystem with cluster.cores, and the root has to start`,
      );
    });
    void this.#start();
  }

  get actor(): AnyRef {
    return this.#owner.actor;
  }

  get state(): CoreState {
    return this.#state;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Orders the core to stop, and resolves when its process has ended. */
  stop(): Promise<void> {
    this.order();
    return this.#ended;
  }

  /** Orders the core to stop. */
  order(): void {
    if (this.#state === "stopping" || this.#state === "ended") return;
    this.#state = "stopping";
    this.#host.clock.clearTimer(this.#startTimer);
    if (this.#takesMessages) this.#say({ kind: "stop" });
    else this.kill();
  }

  /** Ends the process because of something that it did not say itself. */
  fail(why: string): void {
    this.#why ??= why;
    this.kill();
  }

  /** Ends the process at once. */
  kill(): void {
    // One that there is not yet ends as soon as there is one.
    this.#isKilled = true;
    this.#process?.kill();
  }

  take(key: string, socket: Socket): void {
    this.#process?.send(wrap({ kind: "socket", key }), socket, (ok) => {
      if (!ok) socket.destroy();
    });
  }

  async #start(): Promise<void> {
    try {
      await startCoreProcess(this.#place.name, {
        forked: (process) => {
          this.#process = process;
          if (this.#isKilled) process.kill();
        },
        begun: () => {
          this.#takesMessages = true;
          this.#say({ kind: "begin", place: this.#place });
        },
        message: (value) => this.#heard(coreMessage(value)),
        exited: (exit) => this.#exited(exit),
      });
    } catch (thrown) {
      this.#exited({ code: null, signal: null, error: thrown instanceof Error ? thrown : new Error(String(thrown)) });
    }
  }

  #heard(message: CoreMessage | undefined): void {
    switch (message?.kind) {
      case "ready":
        if (this.#state !== "starting") return;
        this.#state = "ready";
        this.#host.clock.clearTimer(this.#startTimer);
        return this.#owner.ready();
      case "failed":
        this.#why ??= message.text;
        return;
      case "listen":
        return void this.#listen(message);
      case "unlisten":
        return this.#host.listeners.leave(this, message.key);
      default:
    }
  }

  async #listen({ number, key, port, host }: Extract<CoreMessage, { kind: "listen" }>): Promise<void> {
    try {
      const taken = await this.#host.listeners.join(this, key, { port, host });
      if (this.#state === "ended") this.#host.listeners.lost(this);
      else this.#say({ kind: "listening", number, port: taken });
    } catch (thrown) {
      const code: unknown = Reflect.get(Object(thrown), "code");
      const text = thrown instanceof Error ? thrown.message : String(thrown);
      this.#say({ kind: "not_listening", number, code: typeof code === "string" ? code : "", text });
    }
  }

  #exited({ code, signal, error }: CoreExit): void {
    if (this.#state === "ended") return;
    const isOrdered = this.#state === "stopping";
    this.#state = "ended";
    this.#host.clock.clearTimer(this.#startTimer);
    // First of all: the others wait for it.
    this.#host.ended(this);
    this.#resolveEnded();
    const why = this.#why ?? error?.message;
    if (!isOrdered) this.#owner.ended({ code, signal, ...(why === undefined ? {} : { why }) });
  }

  #say(message: HostMessage): void {
    this.#process?.send(wrap(message));
  }
}
