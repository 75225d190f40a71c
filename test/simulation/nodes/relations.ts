import { CallError } from "../../../src/index.js";
import { type Guest, hasLink, inviteTo, seenFrom } from "../../cluster/simulation/party.js";
import type { NodeProcess } from "./node-process.js";
import type { Part, Surroundings } from "./part.js";
import type { ActorStep } from "./step.js";

const GUESTS = 2;
const SETTLE_MS = 1_000;

type RelationStep = Extract<ActorStep, { readonly other: number }>;

interface Invited extends Guest {
  readonly process: NodeProcess;
}

/** Actors of all nodes that link, monitor, call and end each other. */
export class Relations implements Part {
  readonly #around: Surroundings;
  readonly #all: Invited[] = [];
  readonly #open = new Map<Promise<unknown>, Invited>();
  #numbers = 0;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  began(process: NodeProcess): void {
    for (let guest = 0; guest < GUESTS; guest++) this.#all.push({ ...inviteTo(process.node), process });
  }

  /** One of the guests does something to another. */
  do({ do: what, pick, other: index }: RelationStep): void {
    const living = this.#living();
    const awake = living.filter(({ process }) => process.isAwake);
    const [one, other] = [awake[pick % Math.max(1, awake.length)], living[index % Math.max(1, living.length)]];
    if (one === undefined || other === undefined || one === other) return;
    const there = seenFrom(one.node, other);
    switch (what) {
      case "link":
        return one.ref.cast.bind(there);
      case "unlink":
        return one.ref.cast.unbind(there);
      case "monitor":
        return one.ref.cast.watch(there, other.name);
      case "demonitor":
        return one.ref.cast.unwatchOne();
      case "tell":
        return there.cast.numbered(one.name, ++this.#numbers);
      case "end_party":
        return one.node.system.exit(one.ref, "kill");
      default:
        return this.#ask(one, other);
    }
  }

  look(): void {
    for (const { name, record } of this.#all) {
      for (const { target, downs, takenOff } of record.monitors.values()) {
        if (downs > 1)
          this.#around.failed("DOWN exactly once", `${name} was told ${downs} times of the end of ${target}`);
        if (downs > 0 && takenOff)
          this.#around.failed("DOWN exactly once", `${name} took its monitor of ${target} off`);
      }
    }
  }

  async rest(): Promise<void> {
    const { clock, failed } = this.#around;
    this.look();
    for (const { process, name } of this.#open.values()) {
      if (!process.isKilled) failed("every call ends", `a call of ${name} was neither answered nor failed`);
    }
    for (const { name, record } of this.#all) {
      for (const [from, came] of record.came) {
        const isRising = came.every((number, at) => number > (came[at - 1] ?? 0));
        if (!isRising) failed("order of each pair", `what ${name} got of ${from}: ${came.join(", ")}`);
      }
    }
    this.#checkLinks();
    for (const [index, { process, ref }] of this.#living().entries())
      if (index % 2 === 0) process.system.exit(ref, "kill");
    await clock.advance(SETTLE_MS);
    this.#checkDowns();
  }

  async end(): Promise<void> {
    for (const { process, ref } of this.#living()) process.system.exit(ref, "kill");
    await this.#around.clock.advance(SETTLE_MS);
  }

  #ask(one: Invited, other: Invited): void {
    const reply = seenFrom(one.node, other).callWithin(Number.POSITIVE_INFINITY).echo({ from: one.ref });
    this.#open.set(reply, one);
    const close = (): void => void this.#open.delete(reply);
    void reply.then(close, (thrown: unknown) => {
      if (!(thrown instanceof CallError)) throw thrown;
      close();
    });
  }

  #checkLinks(): void {
    for (const one of this.#living()) {
      for (const other of this.#living()) {
        if (one === other || hasLink(one, other) === hasLink(other, one)) continue;
        this.#around.failed("links have two ends", `${one.name} and ${other.name} do not agree that they are linked`);
      }
    }
  }

  /** Of each monitor a DOWN has come if its target has ended, and at most one in any case: one of a node that was lost and is back. */
  #checkDowns(): void {
    const living = new Set(this.#living().map(({ name }) => name));
    for (const { name, record } of this.#living()) {
      for (const { target, downs, takenOff } of record.monitors.values()) {
        if (takenOff || living.has(target) || downs === 1) continue;
        this.#around.failed("DOWN exactly once", `${name} was told ${downs} times of the end of ${target}`);
      }
    }
    this.look();
  }

  #living(): Invited[] {
    return this.#all.filter(({ process, ref }) => process.has(ref));
  }
}
