import { isSameNode, type Member, type NodeIdentity } from "../../src/cluster/node-port.js";
import { nanoid } from "nanoid";
import type { HomeRecord } from "./home-record.js";
import type { Homes, Whereabouts } from "./homes.js";
import { homeOf, sidAt } from "./sid-rule.js";

/** What the register has of a home, as far as it is known here. */
export interface HomeEntry {
  readonly record: HomeRecord;
  readonly revision: number;
}

/** What a {@link HomeTable} asks of whoever keeps it up to date. */
export interface HomeSource {
  readonly self: NodeIdentity;
  /** Whether this node's own place is certain at this moment. */
  readonly holdsPlace: boolean;
  /** The other members that are not down. */
  readonly members: readonly Member[];
  /** Asks the register whether there is a home of this name; what it says has been told to the table when the promise resolves. */
  confirm(home: string): Promise<void>;
}

/** Homes of which it is remembered that there are none. */
const MOST_GONE = 1_000;
const HERE: Whereabouts = { kind: "here" };
const LATER: Whereabouts = { kind: "later" };
const UNKNOWN: Whereabouts = { kind: "unknown" };

/**
 * Which homes there are and whose they are, as this node knows it. Takes no clock, and writes nothing.
 *
 * Made with its endpoint, filled by the actor that watches the register; until that has begun it knows nothing, and says `later`.
 */
export class HomeTable implements Homes {
  #own = "";
  #ownStore = "";
  #source: HomeSource | undefined;
  readonly #entries = new Map<string, HomeEntry>();
  /** Homes that are not there, with the revision as of which that is known. */
  readonly #gone = new Map<string, number>();
  /** Homes of this node whose sessions it is bringing here now, until when. */
  readonly #arriving = new Map<string, Promise<void>>();
  /** Whether this node has lost its place: nothing is here any more. */
  isFenced = false;
  /** Whether the endpoint is being stopped: it takes nothing over. */
  isRetired = false;
  /** Whether there are stores of which nobody has told yet which homes they have. */
  mayHaveMore = false;

  get own(): string {
    return this.#own;
  }

  /** From now on there is somebody who knows. `ownStore` is the name of this node's store, where the sessions are that run here. */
  begin(own: string, ownStore: string, source: HomeSource): void {
    this.#own = own;
    this.#ownStore = ownStore;
    this.#source = source;
  }

  newSid(): string {
    return sidAt(this.#own, nanoid());
  }

  find(sid: string): Whereabouts {
    const source = this.#source;
    // Whoever has lost its place knows by its own clock before it is told: what it held may be another node's by now.
    if (this.isFenced || source === undefined || !source.holdsPlace) return LATER;
    const home = homeOf(sid);
    if (home === undefined || home === this.#own) return HERE;
    const entry = this.#entries.get(home);
    if (entry === undefined) return this.#missing(home, source);
    const { node } = entry.record;
    if (!isSameNode(node, source.self)) return whereaboutsOf(node, source.members);
    if (this.isHere(entry)) return HERE;
    const arriving = this.#arriving.get(home);
    return arriving === undefined ? LATER : { kind: "coming", settled: arriving };
  }

  /** The homes that are known, with their entries. */
  get entries(): ReadonlyMap<string, HomeEntry> {
    return this.#entries;
  }

  /** The homes that are this node's, with their entries. */
  get mine(): ReadonlyMap<string, HomeEntry> {
    const self = this.#source?.self;
    const isMine = ({ record }: HomeEntry): boolean => self !== undefined && isSameNode(record.node, self);
    return new Map([...this.#entries].filter(([, entry]) => isMine(entry)));
  }

  /** Takes what the register has of a home, unless something later is known. */
  take(home: string, entry: HomeEntry): void {
    const known = this.#entries.get(home)?.revision ?? this.#gone.get(home) ?? 0;
    if (entry.revision <= known) return;
    this.#gone.delete(home);
    this.#entries.set(home, entry);
  }

  /** The register had no entry for a home at this revision, or none any more. */
  takeAbsent(home: string, revision: number): void {
    const known = this.#entries.get(home);
    if (known !== undefined && known.revision > revision) return;
    this.#entries.delete(home);
    this.#gone.delete(home);
    this.#gone.set(home, revision);
    if (this.#gone.size <= MOST_GONE) return;
    for (const oldest of this.#gone.keys()) {
      this.#gone.delete(oldest);
      return;
    }
  }

  /** Whether the sessions of a home are on this node: it is its own, and they are in its own store. */
  isHere({ record }: HomeEntry): boolean {
    const self = this.#source?.self;
    return self !== undefined && isSameNode(record.node, self) && record.store === this.#ownStore;
  }

  /** The sessions of homes are on their way here, if the homes are this node's, until the promise has resolved. */
  arrive(homes: Iterable<string>, arriving: Promise<void>): void {
    for (const home of homes) this.#arriving.set(home, arriving);
  }

  /** The sessions of homes are not on their way any more: they are here, or for now out of reach. */
  arrived(homes: Iterable<string>): void {
    for (const home of homes) this.#arriving.delete(home);
  }

  #missing(home: string, source: HomeSource): Whereabouts {
    if (this.mayHaveMore) return LATER;
    // News of a home that has just begun may be on its way, and a client may be faster.
    return this.#gone.has(home) ? UNKNOWN : { kind: "coming", settled: source.confirm(home) };
  }
}

function whereaboutsOf(node: NodeIdentity, members: readonly Member[]): Whereabouts {
  const member = members.find((one) => isSameNode(one.node, node));
  // One that is not known is down, or so new that nobody has told of it: whoever takes its homes over is not known either.
  if (member === undefined || member.state === "suspected" || member.state === "down") return LATER;
  return { kind: "elsewhere", node };
}
