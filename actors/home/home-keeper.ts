import type { StoreFolder } from "../../src/store/store-port.js";
import {
  EngineError,
  isSameNode,
  type Member,
  type NodeIdentity,
  nodeKey,
  type NodePort,
  type NodeService,
} from "../../src/cluster/node-port.js";
import { Actor, type ExitReason, formatReason, type InitResult, reasonOfThrown, release } from "../../src/index.js";
import type { HeartbeatMembers } from "../connection/heartbeat.js";
import type { AdmissionKeeper } from "../endpoint/admission.js";
import type { EndpointContext } from "../endpoint/context.js";
import { Adoption, type AdoptionSetting } from "./adoption.js";
import { claimHomes } from "./home-claims.js";
import { encodeStoredHomes, STORED_HOMES } from "./home-record.js";
import { HomeRegister } from "./home-register.js";
import type { HomeTable } from "./home-table.js";
import { type LeftStore, leftStores, turnOf } from "./left-stores.js";
import { OrphanedStores } from "./orphaned-stores.js";
import { Pauses } from "./pauses.js";
import { homeOf } from "./sid-rule.js";

/** What the keeper of homes is started with. */
export interface HomeKeeperStart {
  readonly context: EndpointContext;
  readonly table: HomeTable;
  readonly port: NodePort;
  /** The name of the endpoint: that of the same name on other nodes has its homes in the same part of the register. */
  readonly endpoint: string;
  /** Where the stores of the other nodes are; `undefined` when nobody can open those. */
  readonly folder: StoreFolder | undefined;
  readonly members: HeartbeatMembers;
  readonly admission: Pick<AdmissionKeeper, "close">;
}

const SERVICE = "homes/";
const LOOK_MS = 1_000;
const SWEEP_MS = 60_000;
/** How long a stop waits for what is being taken over. */
const LAST_MS = 3_000;
/** When clients may come back that a node lets go which has lost its place: from so many milliseconds to twice as many. */
const FENCED_RETRY_MS = 200;

/**
 * Keeps the homes of an endpoint's sessions: claims this node's before any session begins, follows those of the other nodes, and takes over what a
 * node has left that is down.
 *
 * First child of its endpoint, on a node of a cluster alone. Its table is in the endpoint's context and outlives it; what it was taking over when it
 * crashed, its next life takes over.
 */
export class HomeKeeper extends Actor<HomeKeeperStart> implements NodeService {
  #start: HomeKeeperStart | undefined;
  #register: HomeRegister | undefined;
  #pauses: Pauses | undefined;
  #orphans: OrphanedStores | undefined;
  readonly #running = new Map<string, Promise<void>>();
  /** Since when it is known that a store is left, or a home cannot be had. */
  #leftSince = new Map<string, number>();
  #emptyBefore = new Set<string>();
  #remembered = "";

  override async init(start: HomeKeeperStart): Promise<InitResult | undefined> {
    const { context, table, port, endpoint, folder } = start;
    this.#start = start;
    this.trapExit();
    const pauses = new Pauses(this.system.clock);
    const register = new HomeRegister(port, endpoint, table);
    this.#pauses = pauses;
    this.#register = register;
    register.watch(() => this.#look());
    port.addService(SERVICE + endpoint, this);
    const store = context.keeping?.writer.store;
    const storeName = folder?.ownName ?? "";
    const own = await claimHomes({ table, register, pauses, random: this.system.random, store, storeName });
    if (own === undefined) {
      this.fenced();
      return undefined;
    }
    table.begin(own, storeName, register);
    // Whatever is kept from now on is kept after this.
    void this.#remember();
    if (folder !== undefined) {
      this.#orphans = new OrphanedStores(this.#settingOf(folder), (adoption, opened) =>
        this.#work(adoption.store, () => adoption.run(opened)),
      );
      await this.#orphans.begin();
    }
    this.sendEvery(LOOK_MS, "look");
    this.sendEvery(SWEEP_MS, "sweep");
    this.#look();
    return undefined;
  }

  override async handleInfo(message: unknown): Promise<void> {
    if (message === "look") {
      this.#look();
      this.#orphans?.look();
      if (this.#start?.table.isFenced === true) this.#endSessions();
    } else if (message === "sweep") await this.#sweep();
    else await super.handleInfo(message);
  }

  override async terminate(): Promise<void> {
    this.#close();
    const running = [...this.#running.values()];
    if (running.length === 0) return;
    const { clock } = this.system;
    let timer: object | undefined;
    const late = new Promise<void>((resolve) => {
      timer = clock.setTimer(LAST_MS, resolve);
    });
    await Promise.race([Promise.all(running), late]);
    if (timer !== undefined) clock.clearTimer(timer);
  }

  override [release](reason: ExitReason): void {
    // Killed: nobody has stopped it, and it must not go on beside its next life.
    this.#close();
    super[release](reason);
  }

  override formatStatus(): unknown {
    const { table } = this.#start ?? {};
    if (table === undefined) return { kind: "homes" };
    return {
      kind: "homes",
      own: table.own,
      homes: table.mine.size,
      known: table.entries.size,
      ...(this.#running.size === 0 ? {} : { adopting: [...this.#running.keys()] }),
      ...(table.isFenced ? { fenced: true } : {}),
    };
  }

  // What the node port tells, outside of this actor's turns: it changes tables, and sends.

  /** @internal */
  received(): void {
    // Homes say nothing to each other: all goes through the register.
  }

  /** @internal */
  missed(): void {
    // The register tells of what was missed by itself.
  }

  /** @internal */
  memberChanged({ state }: Member): void {
    if (state === "down") this.#look();
  }

  /** This node's sessions are others' now: they and their connections end at once, and nothing of them is kept any more. @internal */
  fenced(): void {
    const { table, context, members, admission } = this.#start ?? {};
    if (table === undefined || table.isFenced) return;
    table.isFenced = true;
    context?.keeping?.writer.seal();
    admission?.close(Number.POSITIVE_INFINITY);
    this.#close();
    for (const member of members?.all() ?? []) {
      if (!this.system.isAlive(member)) continue;
      member.cast.drain(Math.round(FENCED_RETRY_MS * (1 + this.system.random.next())));
    }
    this.#endSessions();
  }

  #endSessions(): void {
    for (const session of this.#start?.context.directory.all() ?? []) this.system.exit(session, "kill");
  }

  #close(): void {
    const { port, endpoint } = this.#start ?? {};
    this.#pauses?.end();
    this.#register?.close();
    port?.removeService(SERVICE + (endpoint ?? ""), this);
  }

  // Taking over.

  /** Looks whether there is something that this node is to take over now. */
  #look(): void {
    const { table, port } = this.#start ?? {};
    if (table === undefined || port === undefined || this.#pauses?.isOver !== false || table.own === "") return;
    const living = new Set(port.members.map(({ node }) => nodeKey(node)));
    // What this node has begun to take over it goes on with.
    const left = leftStores(table.entries, (entry) => living.has(nodeKey(entry.record.node)) || table.isHere(entry));
    const now = this.system.clock.now();
    const before = this.#leftSince;
    this.#leftSince = new Map(left.map(({ store }) => [store, before.get(store) ?? now]));
    for (const one of left) this.#consider(one, now - (before.get(one.store) ?? now));
  }

  #consider(left: LeftStore, sinceMs: number): void {
    const { context, folder, table, port } = this.#start ?? {};
    if (context === undefined || table === undefined || port === undefined) return;
    if (this.#running.has(left.store) || this.#orphans?.isTaking(left.store) === true) return;
    const isLost = left.store === "" || sinceMs > context.limits.sessionTtlMs;
    if (isLost) return this.#work(left.store, () => this.#drop(left));
    if (folder === undefined || table.isRetired) return;
    const up = port.members.filter(({ state }) => state === "up").map(({ node }) => node.name);
    const isBegun = left.owners.some((owner) => isSameNode(owner, port.self));
    if (!isBegun && sinceMs < turnOf(left.store, port.self.name, up) * LOOK_MS) return;
    this.#work(left.store, () => this.#takeOver(left, this.#settingOf(folder)));
  }

  /** Nobody will bring the sessions of these homes any more. */
  async #drop({ owners, homes }: LeftStore): Promise<void> {
    if (!(await this.#areDown(owners))) return;
    for (const [home, revision] of homes) await this.#register?.drop(home, revision);
  }

  async #takeOver({ store, homes, owners }: LeftStore, setting: AdoptionSetting): Promise<void> {
    const { register } = setting;
    if (!(await this.#areDown(owners)) || !(await register.isUp())) return;
    const adoption = new Adoption(setting, store);
    try {
      for (const [home, revision] of homes) {
        const isMine = await adoption.claim(home, revision);
        // Another was first, or its node is back: that one gets the rest as well.
        if (!isMine && adoption.isEmpty) return;
      }
      await adoption.run();
    } finally {
      adoption.end();
    }
  }

  /** Does something of which there is one at a time for each store. */
  #work(store: string, work: () => Promise<void>): void {
    const running = this.#tried(work).finally(() => void this.#running.delete(store));
    this.#running.set(store, running);
  }

  /** The next look tries again what fails. */
  async #tried(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      // The register will be there again, or this node is not any more.
      if (error instanceof EngineError) return;
      const text = `the endpoint failed to look after the homes of its sessions: ${formatReason(reasonOfThrown(error))}`;
      this.#start?.context.report({ type: "adoption_failed", level: "error", text, details: { error } });
    }
  }

  /** Whether the lives of nodes are over, but for this one's own. */
  async #areDown(nodes: readonly NodeIdentity[]): Promise<boolean> {
    const others = nodes.filter((node) => this.#register !== undefined && !isSameNode(node, this.#register.self));
    for (const node of others) if ((await this.#register?.isDown(node)) !== true) return false;
    return true;
  }

  #settingOf(folder: StoreFolder): AdoptionSetting {
    const { context, table } = this.#start ?? {};
    const [register, pauses] = [this.#register, this.#pauses];
    if (context === undefined || table === undefined || register === undefined || pauses === undefined) {
      throw new TypeError("The keeper of homes has not begun");
    }
    return { context, system: this.system, folder, table, register, pauses, remember: () => this.#remember() };
  }

  // The own store.

  /** Has the own store say which homes its sessions may have. */
  #remember(): Promise<void> {
    const { table, context, port } = this.#start ?? {};
    const writer = context?.keeping?.writer;
    if (table === undefined || port === undefined || writer === undefined) return Promise.resolve();
    const homes = [...new Set([table.own, ...table.mine.keys()])].sort();
    const text = homes.join(" ");
    if (text !== this.#remembered) {
      this.#remembered = text;
      writer.log({ type: "put_record", key: STORED_HOMES, value: encodeStoredHomes({ node: port.self.name, homes }) });
    }
    return writer.settled();
  }

  /** Gives up homes without sessions: those that were there without any the last time as well, when some may have been on their way. */
  async #sweep(): Promise<void> {
    const { table, context } = this.#start ?? {};
    if (table === undefined || context === undefined || this.#pauses?.isOver !== false) return;
    const used = new Set<string | undefined>();
    const spare = [...table.mine].filter(([home, entry]) => home !== table.own && table.isHere(entry));
    if (spare.length > 0) for (const sid of context.directory.sids()) used.add(homeOf(sid));
    const empty = spare.filter(([home]) => !used.has(home));
    for (const [home, { revision }] of empty) {
      if (this.#emptyBefore.has(home)) await this.#tried(async () => this.#register?.drop(home, revision));
    }
    this.#emptyBefore = new Set(empty.map(([home]) => home));
    void this.#remember();
  }
}
