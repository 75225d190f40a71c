import assert from "node:assert/strict";
import type { Member, RegisterChange, SendOutcome, SharedRegister } from "../../cluster/engine.js";
import { isSameNode, type NodeIdentity } from "../../cluster/node-identity.js";
import type { EngineWorld, TestedNode } from "./engine-world.js";

/** After so many beats what has not become so does not. */
const PATIENCE_BEATS = 40;

/** A node of a case, and all that its engine has told it. */
export class ObservedNode {
  readonly told: Member[] = [];
  readonly frames: { readonly from: NodeIdentity; readonly frame: Uint8Array }[] = [];
  readonly fencings: string[] = [];
  beats = 0;
  readonly #world: EngineWorld;
  #node: TestedNode | undefined;

  private constructor(world: EngineWorld) {
    this.#world = world;
  }

  static async join(world: EngineWorld, name: string): Promise<ObservedNode> {
    const node = new ObservedNode(world);
    node.#node = await world.join(name, {
      member: (member) => void node.told.push(member),
      // Bytes may belong to the engine: what is looked at later is a copy.
      frame: (from, frame) => void node.frames.push({ from, frame: frame.slice() }),
      beat: () => {
        node.beats++;
      },
      fenced: (why) => void node.fencings.push(why),
    });
    return node;
  }

  get tested(): TestedNode {
    assert(this.#node !== undefined);
    return this.#node;
  }

  get self(): NodeIdentity {
    return this.tested.self;
  }

  get register(): SharedRegister {
    return this.tested.register;
  }

  /** The states of the other members, by name, as they were told last. */
  get toldOf(): Record<string, string> {
    const last = new Map<string, Member>();
    for (const member of this.told) {
      const earlier = last.get(member.node.name);
      // The end of an earlier life says nothing of the next.
      const isOfOther = earlier !== undefined && !isSameNode(earlier.node, member.node);
      if (!isOfOther || member.state !== "down") last.set(member.node.name, member);
    }
    return statesOf([...last.values()].filter(({ state }) => state !== "down"));
  }

  /** The states of the other members, by name, as the node itself says. */
  async members(): Promise<Record<string, string>> {
    return statesOf(await this.#answer(this.tested.members));
  }

  send(to: NodeIdentity, frame: Uint8Array): Promise<SendOutcome> {
    return this.#answer(this.tested.send(to, frame));
  }

  holdsPlace(): Promise<boolean> {
    return this.#answer(this.tested.holdsPlace());
  }

  /** Waits until an answer of the node is as wanted, and asks anew with each beat of another one. */
  async untilSo(isSo: () => Promise<boolean>, watch: ObservedNode, what: string): Promise<void> {
    for (let left = PATIENCE_BEATS; !(await isSo()); left--) {
      assert(left > 0, `Waited ${PATIENCE_BEATS} beats for ${what}`);
      const before = watch.beats;
      await this.#world.until(() => watch.beats > before, "a beat");
    }
  }

  /** What is known already needs no time to pass. */
  async #answer<Value>(answer: Value | Promise<Value>): Promise<Value> {
    return answer instanceof Promise ? this.#world.settle(answer) : answer;
  }

  /** Whether a state of one life of a node was told. */
  wasTold(node: NodeIdentity, state: Member["state"]): boolean {
    return this.told.some((member) => member.state === state && isSameNode(member.node, node));
  }

  /** The texts of the frames from one node, in the order in which they came. */
  textsFrom(node: NodeIdentity): string[] {
    return this.frames.filter(({ from }) => isSameNode(from, node)).map(({ frame }) => textOf(frame));
  }
}

/** Joins nodes that all see each other. */
export async function joinAll(world: EngineWorld, ...names: string[]): Promise<ObservedNode[]> {
  const nodes: ObservedNode[] = [];
  for (const name of names) nodes.push(await ObservedNode.join(world, name));
  await world.until(
    () => nodes.every(({ toldOf }) => Object.keys(toldOf).length === names.length - 1),
    "every node to see the others",
  );
  return nodes;
}

function statesOf(members: readonly Member[]): Record<string, string> {
  return Object.fromEntries(members.map(({ node, state }) => [node.name, state]));
}

/** A frame as nodes send them: the first byte of each is the version of its form, and never 0. */
export function frameOf(text: string): Uint8Array {
  return Buffer.concat([new Uint8Array([1]), Buffer.from(text)]);
}

function textOf(frame: Uint8Array): string {
  return Buffer.from(frame.subarray(1)).toString();
}

/** What a watch of the register was told, oldest first; a reset begins anew. */
export class WatchLog {
  readonly changes: RegisterChange[] = [];
  resets = 0;

  changed(change: RegisterChange): void {
    this.changes.push(change);
  }

  reset(): void {
    this.resets++;
    this.changes.length = 0;
  }

  /** The changes as text: key, value or nothing. */
  get texts(): string[] {
    return this.changes.map(({ key, value }) => `${key}=${value === undefined ? "" : Buffer.from(value).toString()}`);
  }
}
