import type { AnyRef } from "../../kernel/actor-ref.js";
import { CallError } from "../../kernel/errors.js";
import type { ActorSystem } from "../../kernel/system.js";
import type { GlobalNames } from "../names/global-names.js";
import { EntityError, type EntityErrorCode } from "./entity-error.js";
import type { HostDirectory } from "./host-directory.js";
import type { OpenAnswer, Refusal } from "./host-message.js";
import type { PlacedLife } from "./placed-life.js";
import { whereabouts } from "./whereabouts.js";

/** What a {@link Locator} is made from. */
export interface LocatorSetup {
  readonly system: ActorSystem;
  readonly names: GlobalNames;
  readonly directory: HostDirectory;
  /** What runs on this node, by id. */
  readonly lives: ReadonlyMap<string, PlacedLife>;
  readonly nameOf: (id: string) => string;
  readonly maxWaiting: number;
}

/** What hosts do not say: that there is none, that it does not answer, or that it knows of no other life than the one that is over. */
type OwnReason = "no_node" | "no_answer" | "no_other";
type Outcome = OpenAnswer | { readonly ok: false; readonly reason: OwnReason; readonly text?: string };

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;

const expectations: Readonly<Record<Exclude<Refusal, "full" | "start_failed"> | OwnReason, string>> = {
  draining: "the node where it belongs drains",
  not_owner: "the nodes do not agree yet on where it belongs",
  moving: "it is on its way to another node",
  unreachable: "the node that has it, or the register, cannot be reached",
  busy: "too many wait for it, or for others, on the node where it belongs",
  not_joined: "the node where it belongs has lost its place",
  no_node: "no node takes any",
  no_answer: "the node where it belongs does not answer",
  no_other: "the life that is said to be over is the only one known",
};

/** Finds the actors of one kind for this node, wherever they live, and has them started where they belong. */
export class Locator {
  readonly #setup: LocatorSetup;
  readonly #wakes = new Set<() => void>();
  #waiting = 0;
  #isFenced = false;

  constructor(setup: LocatorSetup) {
    this.#setup = setup;
  }

  /** The ref of an actor that is known to run, and can be reached. */
  find(id: string): AnyRef | undefined {
    const { names, lives, nameOf } = this.#setup;
    // One of this node may be about to go, or not there yet.
    const life = lives.get(id);
    if (life !== undefined && life.phase !== "running") return undefined;
    const known = whereabouts(names, nameOf(id));
    return known === "unreachable" ? undefined : known;
  }

  /** The ref of an actor, which is started when it does not run. @throws {EntityError} */
  async locate(id: string, timeoutMs: number, after?: AnyRef): Promise<AnyRef> {
    if (this.#isFenced) throw this.#error("not_joined", id, "this node has lost its place in the cluster");
    const found = this.find(id);
    if (found !== undefined && found !== after) return found;
    const { maxWaiting } = this.#setup;
    if (this.#waiting >= maxWaiting) throw this.#error("busy", id, `${maxWaiting} locates wait already`);
    this.#waiting++;
    try {
      return await this.#search(id, timeoutMs, after);
    } finally {
      this.#waiting--;
    }
  }

  /** Members or hosts have changed: those who wait look again. */
  changed(): void {
    const wakes = [...this.#wakes];
    this.#wakes.clear();
    for (const wake of wakes) wake();
  }

  /** This node has lost its place. */
  fenced(): void {
    this.#isFenced = true;
    this.changed();
  }

  async #search(id: string, timeoutMs: number, after: AnyRef | undefined): Promise<AnyRef> {
    const { clock, random } = this.#setup.system;
    const deadline = clock.now() + timeoutMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
      let outcome = await this.#ask(id, deadline - clock.now());
      if (outcome.ok && outcome.ref === after) outcome = { ok: false, reason: "no_other" };
      if (outcome.ok) return outcome.ref;
      if (this.#isFenced) throw this.#error("not_joined", id, "this node has lost its place in the cluster");
      const { reason, text } = outcome;
      if (reason === "start_failed") throw this.#error(reason, id, text ?? "its init failed");
      if (reason === "full") throw this.#error(reason, id, "the node where it belongs runs as many as it may");
      const leftMs = deadline - clock.now();
      if (leftMs <= 0) {
        throw this.#error("timeout", id, `${text ?? expectations[reason]}, and ${timeoutMs} ms have gone by`);
      }
      await this.#pause(id, Math.min(leftMs, pauseMs * (0.5 + random.next())));
      const found = this.find(id);
      if (found !== undefined && found !== after) return found;
    }
  }

  async #ask(id: string, timeoutMs: number): Promise<Outcome> {
    const place = this.#setup.directory.ownerOf(this.#setup.nameOf(id));
    if (place === undefined) return { ok: false, reason: "no_node" };
    try {
      return await place.host.callWithin(Math.max(1, timeoutMs)).open(id);
    } catch (thrown) {
      if (!(thrown instanceof CallError)) throw thrown;
      return { ok: false, reason: "no_answer", text: `node ${place.name}, where it belongs, does not answer` };
    }
  }

  /** Waits until something has changed that the actor depends on, or the time is over. */
  async #pause(id: string, waitMs: number): Promise<void> {
    const { names, nameOf, system } = this.#setup;
    const { changed, cancel } = names.changeOf(nameOf(id));
    let wake: () => void = () => undefined;
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    this.#wakes.add(wake);
    const timer = system.clock.setTimer(waitMs, wake);
    await Promise.race([changed, woken]);
    cancel();
    this.#wakes.delete(wake);
    system.clock.clearTimer(timer);
  }

  #error(code: EntityErrorCode, id: string, why: string): EntityError {
    return new EntityError(code, `Cannot locate ${this.#setup.nameOf(id)}: ${why}`);
  }
}
