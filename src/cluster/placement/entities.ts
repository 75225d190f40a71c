import type { Actor } from "../../kernel/actor.js";
import { asRef } from "../../kernel/actor.js";
import type { ActorRef } from "../../kernel/actor-ref.js";
import { cellOf } from "../../kernel/cell.js";
import { BadArgumentError, whatCame } from "../../kernel/errors.js";
import { checkWait, type LocateOptions } from "./entity-options.js";
import type { PlacedKind } from "./placed-kind.js";

/**
 * Actors of one type of which the whole cluster has one for each id: game worlds, documents, auctions.
 *
 * Each runs on the node where its id belongs, is started by the first `locate`, and is found by every later one. It moves when nodes come and go.
 * A ref names one life: keep the id, and locate again when a call fails with `noproc` or `exit`.
 */
export class Entities<A extends Actor<never>> {
  readonly type: string;
  readonly #kind: PlacedKind;

  /** @internal */
  constructor(type: string, kind: PlacedKind) {
    this.type = type;
    this.#kind = kind;
  }

  /** How many of them run on this node. */
  get here(): number {
    return this.#kind.count;
  }

  /**
   * The ref of an entity, on whatever node it runs; it is started where it belongs if it does not run.
   *
   * @throws {EntityError} `timeout`, `busy`, `full`, `start_failed` or `not_joined`
   * @throws {BadArgumentError} for an id that is no text, or empty
   */
  async locate(id: string, options: LocateOptions = {}): Promise<ActorRef<A>> {
    if (typeof id !== "string" || id === "")
      throw new BadArgumentError(`Expected the id of a ${this.type} to be text, got ${whatCame(id)}`);
    const { timeoutMs = this.#kind.limits.locateTimeoutMs, after } = options;
    const found = await this.#kind.locator.locate(id, checkWait("timeoutMs", timeoutMs), after);
    return asRef<A>(cellOf(found));
  }

  /** The ref of an entity that is known to run, without asking anybody; it is not started. */
  whereis(id: string): ActorRef<A> | undefined {
    const found = this.#kind.locator.find(id);
    return found === undefined ? undefined : asRef<A>(cellOf(found));
  }
}
