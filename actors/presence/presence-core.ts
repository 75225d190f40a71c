import { nanoid } from "nanoid";
import { nodeOf } from "../../src/cluster/node-port.js";
import { type ActorSystem, type AnyRef, BadArgumentError, whatCame } from "../../src/index.js";
import type { SessionState } from "../channel/channel-messages.js";
import { PendingDiffs } from "./pending-diffs.js";
import type { PresenceChanges } from "./presence-data.js";
import { PresenceError } from "./presence-error.js";
import { PresenceNodes, type PresenceOfNode, replicaName } from "./presence-nodes.js";
import type { CheckedPresenceOptions } from "./presence-options.js";
import { appMeta, makeRecord, type MetaMarks, type PresenceRecord } from "./presence-record.js";
import type { PresenceRefusal, TrackResult } from "./presence-results.js";
import { PresenceState } from "./presence-state.js";
import { TopicTable } from "./topic-table.js";

/** Sends one client an event. */
export type ClientPush = (event: string, payload: object) => void;

/** A client that waits to be told the whole of a topic. */
export interface StateRequest {
  readonly topic: string;
  /** Nothing is sent once it has ended. */
  readonly owner: AnyRef;
  readonly push: ClientPush;
}

/** Sent to the actor when there is something to tell. */
export const WAKE = Symbol("there is something to tell");

/** What an app makes of the meta that it gave last. */
export type MetaChange = object | MetaFunction;

type MetaFunction = (meta: Readonly<Record<string, unknown>>) => object;

/** One actor that is tracked, and all under which it is. */
class Tracked {
  readonly records = new Map<string, PresenceRecord>();
  state: SessionState = "online";
  readonly unwatch: () => void;

  constructor(unwatch: () => void) {
    this.unwatch = unwatch;
  }
}

const LONGEST_NAME = 1_024;
const REF_LENGTH = 8;

/**
 * A presence's state and rules.
 *
 * It belongs to the system, not to the actor that runs it, so that it survives that actor. Who is tracked is visible at once, in the caller's
 * stack; clients are told by the actor.
 */
export class PresenceCore implements PresenceOfNode {
  readonly system: ActorSystem;
  readonly state: PresenceState<PresenceRecord>;
  /** What is visible. */
  readonly table = new TopicTable();
  /** What clients were not told yet. */
  readonly pending = new PendingDiffs();
  options: CheckedPresenceOptions;
  /** The actor that runs it; `undefined` while it is being restarted. */
  keeper: AnyRef | undefined;
  /** False when the presence was stopped in order: then it is empty, and stays so. */
  open = true;
  readonly #tracked = new Map<AnyRef, Tracked>();
  #requests: StateRequest[] = [];
  #awake = false;
  /** The presences of the same name on the other nodes of its cluster; `undefined` without one, and where the application carries it. */
  readonly #nodes: PresenceNodes | undefined;
  readonly #refPrefix = nanoid(REF_LENGTH);
  #refs = 0;

  constructor(system: ActorSystem, options: CheckedPresenceOptions, incarnation: number) {
    this.system = system;
    this.options = options;
    const port = options.peers === undefined ? nodeOf(system) : undefined;
    const name = port === undefined ? (options.peers?.node ?? options.name) : replicaName(port.self);
    this.state = new PresenceState({ name, incarnation, deltas: options.peers !== undefined || port !== undefined });
    this.#nodes = port === undefined ? undefined : new PresenceNodes(port, this);
  }

  get name(): string {
    return this.options.name;
  }

  /** Actors that are tracked on this node. */
  get owners(): number {
    return this.#tracked.size;
  }

  /** Clients that wait to be told a topic. */
  get waiting(): number {
    return this.#requests.length;
  }

  track(topic: string, key: string, owner: AnyRef, meta: object): TrackResult {
    // A caller may have found it before it was stopped: nothing would ever take out what is put in now.
    if (!this.open) throw new PresenceError(this.options.name);
    checkName("a topic", topic);
    checkName("a key", key);
    if (!this.system.isAlive(owner)) return refused("noproc");
    const id = idOf(topic, key);
    const tracked = this.#tracked.get(owner);
    if (tracked?.records.has(id) === true) return refused("already_tracked");
    if (this.state.size >= this.options.maxPresences) return refused("full");
    const others = this.table.find(topic)?.keys.get(key)?.length ?? 0;
    if (others >= this.options.maxPerKey) return refused("too_many_metas");
    const record = this.#record(topic, key, meta, { ref: this.#nextRef(), state: tracked?.state ?? "online" });
    if (record === undefined) return refused("meta_too_large");
    (tracked ?? this.#watch(owner)).records.set(id, record);
    this.#join(record);
    return { ok: true, ref: record.meta.phx_ref };
  }

  update(topic: string, key: string, owner: AnyRef, change: MetaChange): TrackResult {
    const tracked = this.#tracked.get(owner);
    const old = tracked?.records.get(idOf(topic, key));
    if (tracked === undefined || old === undefined) return refused("not_tracked");
    const meta = isFunction(change) ? change(appMeta(old)) : change;
    return this.#replace(tracked, old, meta, tracked.state) ?? refused("meta_too_large");
  }

  /** Ends what an actor is tracked under: one key of a topic, all of a topic, or all; returns how many that were. */
  untrack(owner: AnyRef, topic?: string, key?: string): number {
    const tracked = this.#tracked.get(owner);
    if (tracked === undefined) return 0;
    let ended = 0;
    for (const [id, record] of tracked.records) {
      if ((topic !== undefined && record.topic !== topic) || (key !== undefined && record.key !== key)) continue;
      tracked.records.delete(id);
      this.#leave(record);
      ended++;
    }
    if (tracked.records.size === 0) {
      this.#tracked.delete(owner);
      tracked.unwatch();
    }
    return ended;
  }

  /** Says whether the client of an actor is there. */
  setSession(owner: AnyRef, state: SessionState): void {
    const tracked = this.#tracked.get(owner);
    if (tracked === undefined || tracked.state === state) return;
    tracked.state = state;
    for (const record of [...tracked.records.values()]) this.#replace(tracked, record, appMeta(record), state);
  }

  /** What is visible on a topic, one key of it or all. Whoever looks may show it to somebody, who must hear of later changes. */
  read(topic: string, key?: string): PresenceRecord[] {
    this.pending.read(topic);
    const rows = this.table.find(topic);
    if (rows === undefined) return [];
    return key === undefined ? [...rows.keys.values()].flat() : [...(rows.keys.get(key) ?? [])];
  }

  /** Has a client told the whole of a topic soon. */
  request(request: StateRequest): void {
    if (!this.open) throw new PresenceError(this.options.name);
    this.#requests.push(request);
    this.#wake();
  }

  /** Who waits to be told a topic; they do not wait any more. */
  takeRequests(): readonly StateRequest[] {
    const requests = this.#requests;
    this.#requests = [];
    return requests;
  }

  /** Takes over what has become visible, or is not any more, of other nodes. */
  apply({ joins, leaves }: PresenceChanges<PresenceRecord>): void {
    for (const record of joins) this.#show(record);
    for (const record of leaves) this.#hide(record);
  }

  /** Sends other nodes what has changed on this one. */
  publish(): void {
    const delta = this.state.takeDelta();
    if (delta === undefined) return;
    this.#nodes?.publish(delta);
    this.options.peers?.publish(delta);
  }

  /** Begins to be run by an actor. */
  adopt(keeper: AnyRef): void {
    this.keeper = keeper;
    this.#awake = false;
    if (this.pending.size > 0 || this.#requests.length > 0) this.#wake();
  }

  /** Called by the actor when it has been woken. */
  woken(): void {
    this.#awake = false;
  }

  /** Empties it for good. */
  close(): void {
    this.open = false;
    this.#nodes?.close();
    for (const owner of [...this.#tracked.keys()]) this.untrack(owner);
    this.pending.clear();
    this.#requests = [];
  }

  #watch(owner: AnyRef): Tracked {
    // Called in the middle of the actor's end, before anybody handles a message about it.
    const tracked = new Tracked(this.system.onExit(owner, () => this.untrack(owner)));
    this.#tracked.set(owner, tracked);
    return tracked;
  }

  #replace(tracked: Tracked, old: PresenceRecord, meta: object, state: SessionState): TrackResult | undefined {
    const { topic, key } = old;
    const ref = this.#nextRef();
    const record = this.#record(topic, key, meta, { ref, previous: old.meta.phx_ref, state });
    if (record === undefined) return undefined;
    tracked.records.set(idOf(topic, key), record);
    this.#join(record);
    this.#leave(old);
    return { ok: true, ref };
  }

  #record(topic: string, key: string, meta: object, marks: MetaMarks): PresenceRecord | undefined {
    if (typeof meta !== "object" || meta === null || Array.isArray(meta)) {
      throw new BadArgumentError(`Expected the meta of a presence to be an object, got ${whatCame(meta)}`);
    }
    const record = recordOf(topic, key, meta, marks);
    return record.bytes > this.options.maxMetaBytes ? undefined : record;
  }

  #nextRef(): string {
    return this.#refPrefix + (this.#refs++).toString(36);
  }

  #join(record: PresenceRecord): void {
    this.state.join(record);
    this.#show(record);
  }

  #leave(record: PresenceRecord): void {
    this.state.leave(record);
    this.#hide(record);
  }

  #show(record: PresenceRecord): void {
    this.table.add(record);
    this.pending.join(record);
    this.#wake();
  }

  #hide(record: PresenceRecord): void {
    this.pending.leave(record);
    this.table.remove(record);
    this.#wake();
  }

  #wake(): void {
    if (this.#awake || this.keeper === undefined) return;
    this.#awake = true;
    this.keeper.send(WAKE);
  }
}

function isFunction(change: MetaChange): change is MetaFunction {
  return typeof change === "function";
}

function refused(reason: PresenceRefusal): TrackResult {
  return { ok: false, reason };
}

function idOf(topic: string, key: string): string {
  return `${topic.length}:${topic}${key}`;
}

function recordOf(topic: string, key: string, meta: object, marks: MetaMarks): PresenceRecord {
  try {
    return makeRecord(topic, key, meta, marks);
  } catch (error) {
    throw new BadArgumentError(`Expected the meta of a presence to have a JSON form: ${String(error)}`);
  }
}

function checkName(what: string, name: string): void {
  if (typeof name === "string" && name !== "" && name.length <= LONGEST_NAME) return;
  throw new BadArgumentError(`Expected ${what} of 1 to ${LONGEST_NAME} characters, got ${whatCame(name)}`);
}
