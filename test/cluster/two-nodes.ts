import type { Cell } from "../../src/kernel/cell.js";
import { ClusterNode } from "../../src/cluster/cluster-node.js";
import type { Membership, NodeState, SharedRegister } from "../../src/cluster/engine.js";
import type { NodeIdentity } from "../../src/cluster/node-identity.js";
import type { ActorRef, AnyRef } from "../../src/kernel/actor-ref.js";
import { asRef } from "../../src/kernel/actor.js";
import { cellOf } from "../../src/kernel/cell.js";
import { createTestSystem, type TestSystem } from "../../src/testing/index.js";

/** Two systems in one process, joined by a wire that does what a test tells it. */
export class TwoNodes {
  readonly one: TestSystem;
  readonly two: TestSystem;
  readonly nodes: readonly [ClusterNode, ClusterNode];
  readonly ids: readonly [NodeIdentity, NodeIdentity] = [
    { name: "one", incarnation: "1a" },
    { name: "two", incarnation: "2a" },
  ];
  /** Frames that were sent, both ways. */
  frames = 0;
  /** Frames that are lost from now on. */
  loses = 0;
  refuses = false;
  /** What a node has sent and is kept back, by the number of the node. */
  readonly #held: [Uint8Array[] | undefined, Uint8Array[] | undefined] = [undefined, undefined];

  private constructor(one: TestSystem, two: TestSystem) {
    this.one = one;
    this.two = two;
    this.nodes = [new ClusterNode(one.system.kernel), new ClusterNode(two.system.kernel)];
    this.nodes[0].joined(this.#membership(0));
    this.nodes[1].joined(this.#membership(1));
  }

  static async create(): Promise<TwoNodes> {
    return new TwoNodes(await createTestSystem(), await createTestSystem());
  }

  /** The ref on node two of an actor of node one, as if it had come in a message. */
  refOnTwo<A>(ref: ActorRef<A>): ActorRef<A> {
    return this.#refOn(1, ref);
  }

  /** The ref on node one of an actor of node two. */
  refOnOne<A>(ref: ActorRef<A>): ActorRef<A> {
    return this.#refOn(0, ref);
  }

  #refOn<A>(which: 0 | 1, ref: ActorRef<A>): ActorRef<A> {
    const other = which === 0 ? 1 : 0;
    const cell = cellOf(ref);
    const description = { name: cell.behaviour.name, messages: this.nodes[other].exported.add(cell).messages };
    return asRef<A>(this.nodes[which].refOf(this.ids[other], cell.id, description));
  }

  /** Tells both nodes how it stands with the other. */
  bothSee(state: NodeState): void {
    this.nodes[0].member({ node: this.ids[1], state });
    this.nodes[1].member({ node: this.ids[0], state });
  }

  /** Keeps back what a node sends from now on. */
  hold(which: 0 | 1): void {
    this.#held[which] ??= [];
  }

  /** Lets what was kept back arrive, in its order, and what is sent from now on; all but the first `lost` frames. */
  release(which: 0 | 1, lost = 0): void {
    const held = this.#held[which] ?? [];
    this.#held[which] = undefined;
    for (const frame of held.slice(lost)) this.#arrive(which, frame);
  }

  /** Lets what was kept back arrive in this very turn. */
  deliverHeld(which: 0 | 1): void {
    const held = this.#held[which] ?? [];
    this.#held[which] = undefined;
    for (const frame of held) this.nodes[which === 0 ? 1 : 0].frame(this.ids[which], frame);
  }

  #arrive(from: 0 | 1, frame: Uint8Array): void {
    setImmediate(() => this.nodes[from === 0 ? 1 : 0].frame(this.ids[from], frame));
  }

  /** Runs both systems until neither has anything to do. */
  async settle(): Promise<void> {
    for (let round = 0, seen = -1; round < 100 && seen !== this.frames; round++) {
      seen = this.frames;
      await this.one.system.idle();
      await this.two.system.idle();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.one.stop(), this.two.stop()]);
  }

  #membership(which: 0 | 1): Membership {
    const other = which === 0 ? 1 : 0;
    return {
      self: this.ids[which],
      members: [{ node: this.ids[other], state: "up" }],
      register: noRegister,
      send: (to, frame) => {
        if (this.refuses) return "full";
        if (to.incarnation !== this.ids[other].incarnation) return "unreachable";
        this.frames++;
        const held = this.#held[which];
        if (this.loses > 0) this.loses--;
        else if (held === undefined) this.#arrive(which, frame);
        else held.push(frame);
        return "sent";
      },
      holdsPlace: () => true,
      drain: async () => undefined,
      leave: async () => undefined,
    };
  }
}

const refuse = async (): Promise<never> => {
  throw new Error("these nodes share no register");
};

const noRegister: SharedRegister = {
  get: refuse,
  list: refuse,
  put: refuse,
  delete: refuse,
  watch: () => () => undefined,
};

/** What stands for an actor here, for a look behind a ref. */
export function cellBehind(ref: AnyRef): Cell {
  return cellOf(ref);
}
