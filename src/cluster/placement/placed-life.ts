import type { AnyRef } from "../../kernel/actor-ref.js";
import { cellOf } from "../../kernel/cell.js";
import { DEAD } from "../../kernel/flags.js";
import { EngineError } from "../engine-error.js";
import type { GlobalNames } from "../names/global-names.js";

/** The reason with which an actor is stopped that is to run on another node. */
export const MOVED = { shutdown: "moved" } as const;

/** What came of a claim. */
export type Claim =
  | { readonly ok: true; readonly token: number }
  | { readonly ok: false; readonly why: "held"; readonly holder: AnyRef }
  | { readonly ok: false; readonly why: "unreachable" | "not_joined" };

/** What a {@link PlacedLife} is made from. */
export interface LifePlan {
  readonly id: string;
  /** Its name in the whole cluster. */
  readonly name: string;
  /** What an earlier life has handed over. */
  readonly handedOver: unknown;
  /** The argument of its `init`, once its token is known. */
  readonly argsOf: (life: PlacedLife, token: number) => unknown;
}

/**
 * One life of an actor of which the cluster has one: what the actor and its host know of it together.
 *
 * It has its name before its `init` runs, so nothing that it does is done twice at once.
 */
export class PlacedLife {
  readonly id: string;
  readonly name: string;
  readonly handedOver: unknown;
  readonly #argsOf: LifePlan["argsOf"];
  readonly #names: GlobalNames;
  /** `undefined` while nothing came of the claim. */
  claim: Claim | undefined;
  ref: AnyRef | undefined;
  phase: "starting" | "running" | "moving" | "ended" = "starting";
  /** False for one that came back from a move, until the next look at where it belongs. */
  mayMove = true;
  /** What `handOff` gave, when it was stopped in order to go elsewhere. */
  state: unknown;

  constructor({ id, name, handedOver, argsOf }: LifePlan, names: GlobalNames) {
    this.id = id;
    this.name = name;
    this.handedOver = handedOver;
    this.#argsOf = argsOf;
    this.#names = names;
  }

  /** Takes the name for an actor; gives the argument of its `init`, or `undefined` when it is not to run. */
  async begin(ref: AnyRef): Promise<{ readonly args: unknown } | undefined> {
    this.ref = ref;
    this.claim = await this.#register(ref);
    return this.claim.ok ? { args: this.#argsOf(this, this.claim.token) } : undefined;
  }

  async #register(ref: AnyRef): Promise<Claim> {
    // A second attempt finds what became of a first whose answer was lost.
    for (const isLast of [false, true]) {
      try {
        const outcome = await this.#names.register(this.name, ref);
        return outcome.ok ? outcome : { ok: false, why: "held", holder: outcome.holder };
      } catch (thrown) {
        if (!(thrown instanceof EngineError)) throw thrown;
        if (isLast || thrown.code === "not_joined" || (cellOf(ref).flags & DEAD) !== 0)
          return { ok: false, why: thrown.code };
      }
    }
    return { ok: false, why: "unreachable" };
  }
}
