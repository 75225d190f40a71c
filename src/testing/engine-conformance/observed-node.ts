import assert from "node:assert/strict";
import type { Member, Membership, RegisterChange, SharedRegister } from "../../cluster/engine.js";
import { isSameNode, type NodeIdentity } from "../../cluster/node-identity.js";
import type { EngineWorld } from "./engine-world.js";

/** A node of a case, and all that its engine has told it. */
export class ObservedNode {
  readonly told: Member[] = [];
  readonly frames: { readonly from: NodeIdentity; readonly frame: Uint8Array }[] = [];
  readonly fencings: string[] = [];
  beats = 0;
  #membership: Membership | undefined;

  static async join(world: EngineWorld, name: string): Promise<ObservedNode> {
    const node = new ObservedNode();
    node.#membership = await world.join(name, {
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

  get membership(): Membership {
    assert(this.#membership !== undefined);
    return this.#membership;
  }

  get self(): NodeIdentity {
    return this.membership.self;
  }

  get register(): SharedRegister {
    return this.membership.register;
  }

  /** The states of the other members, by name. */
  get members(): Record<string, string> {
    return Object.fromEntries(this.membership.members.map(({ node, state }) => [node.name, state]));
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
    () => nodes.every(({ members }) => Object.keys(members).length === names.length - 1),
    "every node to see the others",
  );
  return nodes;
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
