import { Actor, type AnyRef } from "../../../src/index.js";
import type { NodeProcess } from "./node-process.js";
import type { Ownership } from "./ownership.js";

/** What a {@link Guard} is started with. */
export interface GuardArgs {
  readonly ownership: Ownership;
  readonly process: NodeProcess;
  readonly name: string;
}

const TICK_MS = 100;

/** An actor that owns a name as soon as it is told its token, and acts with every handler that runs. */
export class Guard extends Actor<GuardArgs> {
  #args: GuardArgs | undefined;
  #token: number | undefined;

  override init(args: GuardArgs): void {
    this.#args = args;
    this.trapExit();
  }

  owns(token: number): void {
    this.#token = token;
    this.sendEvery(TICK_MS, "tick");
    this.#act("its name");
  }

  work(): void {
    this.#act("a message");
  }

  watch(ref: AnyRef): void {
    this.monitor(ref);
  }

  override handleInfo(): void {
    this.#act("a timer");
  }

  override handleDown(): void {
    this.#act("a DOWN");
  }

  override handleExit(): void {
    this.#act("an exit");
  }

  #act(what: string): void {
    const [args, token] = [this.#args, this.#token];
    if (args === undefined || token === undefined) return;
    const { ownership, process, name } = args;
    ownership.acts({ name, token, process, what });
  }
}
