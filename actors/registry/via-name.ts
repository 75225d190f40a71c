import type { ActorRef, AnyRef, CallView, CastView } from "../../src/index.js";
import { idOf, type Key } from "./key.js";
import type { RegistryCore } from "./registry-core.js";
import { RegistryError } from "./registry-error.js";
import { startUnder } from "./starting.js";

/**
 * A name in a registry as an address: each message goes to whoever holds the name when it is sent.
 *
 * Made with `registry.via(key, value)`. Where a ref names one incarnation of an actor, this names the place; it stays good across restarts.
 */
export class ViaName<A> {
  readonly key: Key;
  readonly #coreOf: () => RegistryCore;
  readonly #value: unknown;

  /** @internal */
  constructor(coreOf: () => RegistryCore, key: Key, value: unknown) {
    this.#coreOf = coreOf;
    this.key = key;
    this.#value = value;
  }

  /** Who holds the name now. */
  get ref(): ActorRef<A> | undefined {
    return typed<A>(this.#coreOf().holderOfName(idOf(this.key))?.owner);
  }

  /** Calls whoever holds the name now. @throws {RegistryError} `not_registered` when nobody does */
  get call(): CallView<A> {
    return this.#held.call;
  }

  /** Sends to whoever holds the name now. @throws {RegistryError} `not_registered` when nobody does */
  get cast(): CastView<A> {
    return this.#held.cast;
  }

  /**
   * Spawns an actor that holds the name before its `init` runs, and resolves when that is done.
   *
   * @throws {StartError} `already_started`, whose `reason.already_started` holds the name; `init_failed`
   */
  async start(spawn: () => ActorRef<A>): Promise<ActorRef<A>> {
    let spawned: ActorRef<A> | undefined;
    const ref = await startUnder(this.#coreOf(), this.key, () => (spawned = spawn()), this.#value);
    return spawned ?? typed<A>(ref);
  }

  get #held(): ActorRef<A> {
    const { ref } = this;
    if (ref !== undefined) return ref;
    throw new RegistryError("not_registered", `Nobody holds the name ${JSON.stringify(this.key)}`);
  }
}

/** The ref of an actor as that of the class that it is known to have. A registry cannot know the class: whoever asks states it. */
export function typed<A>(ref: AnyRef): ActorRef<A>;
export function typed<A>(ref: AnyRef | undefined): ActorRef<A> | undefined;
export function typed(ref: AnyRef | undefined): AnyRef | undefined {
  return ref;
}
