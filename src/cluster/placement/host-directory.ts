import type { ActorRef } from "../../kernel/actor-ref.js";
import { cellOf } from "../../kernel/cell.js";
import type { ClusterNode } from "../cluster-node.js";
import type { ClusterGroups } from "../groups/cluster-groups.js";
import { addressOf } from "../remote-address.js";
import type { EntityHost } from "./entity-host.js";
import { ownerOf } from "./rendezvous.js";

/** A node that runs actors of one kind, with the actor there that hosts them. */
export interface HostPlace {
  readonly name: string;
  readonly weight: number;
  readonly host: ActorRef<EntityHost>;
}

/** What a {@link HostDirectory} is made from. */
export interface HostDirectorySetup {
  readonly node: ClusterNode;
  readonly groups: ClusterGroups;
  /** The group that the hosts join. */
  readonly group: string;
  readonly weightOf: (node: string) => number;
}

/**
 * The hosts of one kind of actor, as seen from this node, and which of them an actor belongs to.
 *
 * A host leaves the group when its node drains. One on a node that was not heard from for a while, or that drains, gets nothing.
 */
export class HostDirectory {
  readonly #setup: HostDirectorySetup;
  #places: readonly HostPlace[] | undefined;

  constructor(setup: HostDirectorySetup) {
    this.#setup = setup;
  }

  /** The hosts that take actors now. */
  get places(): readonly HostPlace[] {
    this.#places ??= this.#find();
    return this.#places;
  }

  /** Something about members or hosts has changed. */
  changed(): void {
    this.#places = undefined;
  }

  /** Where the actor of a name belongs; `undefined` when no host takes any. */
  ownerOf(name: string): HostPlace | undefined {
    return ownerOf(name, this.places);
  }

  #find(): HostPlace[] {
    const { node, groups, group, weightOf } = this.#setup;
    const up = new Set(node.members.filter(({ state }) => state === "up").map((member) => member.node.incarnation));
    const found: HostPlace[] = [];
    for (const host of groups.members<EntityHost>(group)) {
      const at = addressOf(cellOf(host))?.node ?? node.self;
      if (at.incarnation !== node.self.incarnation && !up.has(at.incarnation)) continue;
      found.push({ name: at.name, weight: weightOf(at.name), host });
    }
    return found;
  }
}
