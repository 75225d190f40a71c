import { Actor, type ActorRef } from "../../../src/index.js";
import type { NodeProcess } from "./node-process.js";
import type { Part, Surroundings } from "./part.js";

const GROUPS = ["chat", "news"] as const;
const MEMBERS = 2;
const SETTLE_MS = 1_000;

class Member extends Actor<{ readonly heard: (message: unknown) => void }> {
  #heard: (message: unknown) => void = () => undefined;
  override init({ heard }: { readonly heard: (message: unknown) => void }): void {
    this.#heard = heard;
  }
  override handleInfo(message: unknown): void {
    this.#heard(message);
  }
}

interface Known {
  readonly process: NodeProcess;
  readonly ref: ActorRef<Member>;
  /** How often each message has come. */
  readonly heard: Map<unknown, number>;
}

/** Actors of all nodes that join and leave groups. */
export class Circles implements Part {
  readonly #around: Surroundings;
  readonly #members: Known[] = [];
  /** What the watchers of a process were told of a group adds up to this. */
  readonly #told = new Map<string, number>();
  #sent = 0;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  began(process: NodeProcess): void {
    for (const group of GROUPS) {
      const key = `${process.life} ${group}`;
      this.#told.set(key, new Set(process.cluster.groups.members(group)).size);
      process.cluster.groups.watch(group, ({ change }) => {
        this.#told.set(key, (this.#told.get(key) ?? 0) + (change === "joined" ? 1 : -1));
      });
    }
    for (let member = 0; member < MEMBERS; member++) {
      const heard = new Map<unknown, number>();
      const told = (message: unknown): void => void heard.set(message, (heard.get(message) ?? 0) + 1);
      this.#members.push({ process, ref: process.system.spawn(Member, { heard: told }), heard });
    }
  }

  do(what: "join" | "leave" | "end_member", pick: number, index: number): void {
    const awake = this.#living().filter(({ process }) => process.isAwake);
    const one = awake[pick % Math.max(1, awake.length)];
    const group = GROUPS[index % GROUPS.length] ?? GROUPS[0];
    if (one === undefined) return;
    if (what === "join") one.process.cluster.groups.join(group, one.ref);
    else if (what === "leave") one.process.cluster.groups.leave(group, one.ref);
    else one.process.system.exit(one.ref, "kill");
  }

  look(): void {
    for (const { heard, process } of this.#members) {
      for (const [message, times] of heard) {
        if (times > 1) this.#around.failed("a group hears each message once", `${process.life}: ${String(message)}`);
      }
    }
  }

  /** Every copy is what its owners say, and each member gets what is sent to the group. */
  async rest(): Promise<void> {
    const { clock, failed, processes } = this.#around;
    for (const group of GROUPS) {
      const owned = processes().flatMap((process) =>
        this.#addresses(process, process.cluster.groups.localMembers(group)),
      );
      for (const process of processes()) {
        const seen = this.#addresses(process, process.cluster.groups.members(group));
        if (seen.sort().join() !== owned.sort().join()) {
          failed(
            "no ghost in a group",
            `${group} is ${seen.join(", ")} to ${process.life}, and it is ${owned.join(", ")}`,
          );
        }
        const told = this.#told.get(`${process.life} ${group}`) ?? 0;
        if (told !== new Set(seen).size) {
          failed(
            "no ghost in a group",
            `${process.life} was told of ${told} in ${group}, and there are ${seen.length}`,
          );
        }
      }
      const message = `message ${++this.#sent}`;
      const expected = this.#living().filter(({ process, ref }) =>
        process.cluster.groups.localMembers(group).includes(ref),
      );
      processes()[0]?.cluster.groups.send(group, message);
      await clock.advance(SETTLE_MS);
      for (const { heard, process } of expected) {
        if (heard.get(message) !== 1)
          failed("a group hears each message once", `${message} of ${group} at ${process.life}`);
      }
    }
  }

  async end(): Promise<void> {
    const { clock, failed, processes } = this.#around;
    for (const { process, ref } of this.#living()) process.system.exit(ref, "kill");
    await clock.advance(SETTLE_MS);
    for (const { cluster, life } of processes()) {
      const left = GROUPS.filter((group) => cluster.groups.names().includes(group));
      if (left.length > 0) failed("no ghost in a group", `${life} still has ${left.join(", ")}`);
    }
  }

  #addresses(process: NodeProcess, refs: readonly ActorRef<unknown>[]): string[] {
    return refs.map((ref) => String(ref).replace("<0.", `<${process.name}.`));
  }

  #living(): Known[] {
    return this.#members.filter(({ process, ref }) => process.has(ref));
  }
}
