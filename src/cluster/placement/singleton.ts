import type { Actor } from "../../kernel/actor.js";
import { asRef } from "../../kernel/actor.js";
import type { ActorRef } from "../../kernel/actor-ref.js";
import { cellOf } from "../../kernel/cell.js";
import { checkWait, type LocateOptions } from "./entity-options.js";
import type { PlacedKind } from "./placed-kind.js";

/**
 * An actor that the whole cluster runs once, under a global name.
 *
 * It stays where it was started until that node drains or is gone, or it ends; then it is started on one of the others that declare it, or here
 * again. One that keeps ending is started again after 100 ms, and then after longer and longer, up to 10 s.
 */
export class Singleton<A extends Actor<never>> {
  readonly name: string;
  readonly #kind: PlacedKind;

  /** @internal */
  constructor(name: string, kind: PlacedKind) {
    this.name = name;
    this.#kind = kind;
  }

  /** Its ref, on whatever node it runs; waits while it moves. @throws {EntityError} */
  async locate(options: LocateOptions = {}): Promise<ActorRef<A>> {
    const { timeoutMs = this.#kind.limits.locateTimeoutMs, after } = options;
    const found = await this.#kind.locator.locate(this.name, checkWait("timeoutMs", timeoutMs), after);
    return asRef<A>(cellOf(found));
  }

  /** Its ref, if it is known to run now. */
  whereis(): ActorRef<A> | undefined {
    const found = this.#kind.locator.find(this.name);
    return found === undefined ? undefined : asRef<A>(cellOf(found));
  }
}
