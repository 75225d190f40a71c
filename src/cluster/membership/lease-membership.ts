import type { ClockTimer } from "../../kernel/clock.js";
import type {
  EngineEvents,
  EngineSurroundings,
  Member,
  Membership,
  RegisterEntry,
  SendOutcome,
  SharedRegister,
} from "../engine.js";
import type { NodeIdentity } from "../node-identity.js";
import { MemberTable, type Overdue } from "./member-table.js";
import { decodeRecord, encodeRecord, NODE_PREFIX, type NodeRecord } from "./node-record.js";
import { OwnLease } from "./own-lease.js";

/** A frame whose first byte is this is a heartbeat; every other begins with the version of the codec, which is at least 1. */
const HEARTBEAT = new Uint8Array([0]);

/** The times of a {@link LeaseMembership}, in milliseconds. */
export interface LeaseTimes {
  /** How long a node keeps its place without renewing it; 3,000 by default. */
  readonly ttlMs?: number;
  /** How often nodes let hear of themselves; 500 by default. */
  readonly heartbeatMs?: number;
  /** After how much silence a node is suspected; 1,500 by default. */
  readonly silentMs?: number;
}

/** What carries frames and holds the register, below the membership. */
export interface Wire {
  readonly register: SharedRegister;
  send(to: NodeIdentity, frame: Uint8Array): SendOutcome;
  /** Sends nothing more, and waits a moment until the others have all that was sent; an engine whose register is no faster than its frames needs none. */
  flush?(): Promise<void>;
  /** Closes the wire; nothing comes any more. */
  close(): Promise<void>;
}

const DEFAULTS: Required<LeaseTimes> = { ttlMs: 3_000, heartbeatMs: 500, silentMs: 1_500 };

/**
 * Membership by leases in the shared register, over any wire.
 *
 * A node writes a record, and renews it three times in the life of its lease. Who does not renew is declared down by one of the others, by a
 * compare-and-set against the revision last seen: a renewal that came first makes the declaration fail, so exactly one of the two happens, and
 * everybody, the node itself included, learns it from the register. Silence alone makes a node suspected, never down.
 */
export class LeaseMembership implements Membership {
  readonly self: NodeIdentity;
  readonly #wire: Wire;
  readonly #surroundings: EngineSurroundings;
  readonly #events: EngineEvents;
  readonly #times: Required<LeaseTimes>;
  readonly #table: MemberTable;
  readonly #lease: OwnLease;
  #record: NodeRecord;
  #revision = 0;
  #stopWatching: () => void = () => undefined;
  #timer: ClockTimer | undefined;
  #renewAt = 0;
  #renewing = false;
  /** The writes of the own record, one after another: a renewal that was under way must not take back what came behind it. */
  #writing: Promise<void> = Promise.resolve();
  #over = false;
  #leaving: Promise<void> | undefined;
  /** The latest revision of the own record that came through the watch: while it stays behind, the watch is broken, and nobody is declared down. */
  #ownSeenAt: number;

  private constructor(
    self: NodeIdentity,
    wire: Wire,
    surroundings: EngineSurroundings,
    events: EngineEvents,
    times: LeaseTimes,
  ) {
    this.self = self;
    this.#wire = wire;
    this.#surroundings = surroundings;
    this.#events = events;
    this.#times = { ...DEFAULTS, ...times };
    this.#table = new MemberTable(self);
    this.#lease = new OwnLease(this.#times.ttlMs);
    this.#record = { incarnation: self.incarnation, state: "up", ttlMs: this.#times.ttlMs, by: "", why: "" };
    this.#ownSeenAt = surroundings.clock.now();
  }

  /** Takes a place and begins to watch. A record of an earlier life of the node is replaced, which is that life's end. */
  static async join(
    self: NodeIdentity,
    wire: Wire,
    surroundings: EngineSurroundings,
    events: EngineEvents,
    times: LeaseTimes = {},
  ): Promise<LeaseMembership> {
    const membership = new LeaseMembership(self, wire, surroundings, events, times);
    await membership.#takePlace();
    membership.#watch();
    membership.#arm();
    return membership;
  }

  get members(): readonly Member[] {
    return this.#table.members;
  }

  get register(): SharedRegister {
    return this.#wire.register;
  }

  send(to: NodeIdentity, frame: Uint8Array): SendOutcome {
    return this.#over || this.#table.hasEnded(to) ? "unreachable" : this.#wire.send(to, frame);
  }

  holdsPlace(): boolean {
    const { clock } = this.#surroundings;
    return !this.#over && this.#lease.holds(clock.now(), clock.wallTime());
  }

  /** A frame came over the wire. */
  frame(from: NodeIdentity, frame: Uint8Array): void {
    if (this.#over) return;
    const back = this.#table.heard(from, this.#surroundings.clock.now());
    if (back !== undefined) this.#events.member(back);
    if (frame[0] !== HEARTBEAT[0]) this.#events.frame(from, frame);
  }

  async drain(): Promise<void> {
    await this.#write({ state: "draining" });
  }

  leave(): Promise<void> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  /** The end of a node is certain, for whoever watches its process: it is declared down at once. */
  async declareDown(name: string, incarnation: string, why: string): Promise<boolean> {
    for (;;) {
      const entry = await this.register.get(NODE_PREFIX + name);
      const record = entry === undefined ? undefined : decodeRecord(entry.value);
      if (entry === undefined || record === undefined) return false;
      if (record.incarnation !== incarnation || record.state === "down") return false;
      if (await this.#declare({ node: { name, incarnation }, record, revision: entry.revision }, why)) return true;
    }
  }

  async #takePlace(): Promise<void> {
    const key = NODE_PREFIX + this.self.name;
    const { clock } = this.#surroundings;
    for (let earlier: RegisterEntry | undefined = await this.register.get(key); ; ) {
      const [sentAt, sentAtWall] = [clock.now(), clock.wallTime()];
      const written = await this.register.put(key, encodeRecord(this.#record), earlier?.revision ?? 0);
      if (written.ok) {
        this.#revision = written.revision;
        this.#lease.renewed(sentAt, sentAtWall);
        this.#renewAt = sentAt + this.#times.ttlMs / 3;
        return;
      }
      earlier = written.current;
    }
  }

  #watch(): void {
    this.#stopWatching = this.register.watch(NODE_PREFIX, {
      changed: (change) => {
        const now = this.#surroundings.clock.now();
        if (change.key === NODE_PREFIX + this.self.name) {
          this.#ownSeenAt = now;
          const record = change.value === undefined ? undefined : decodeRecord(change.value);
          if (change.revision > this.#revision) this.#ownChanged(record);
        } else for (const member of this.#table.changed(change, now)) this.#events.member(member);
      },
      reset: () => this.#table.excuse(this.#surroundings.clock.now()),
    });
  }

  /** The own record has changed: by a renewal whose confirmation is under way, or because this node was declared down or replaced. */
  #ownChanged(record: NodeRecord | undefined): void {
    if (record?.incarnation === this.self.incarnation && record.state !== "down") return;
    this.#fence(record?.state === "down" ? record.why : "replaced");
  }

  #arm(): void {
    if (this.#over) return;
    this.#timer = this.#surroundings.clock.setTimer(this.#times.heartbeatMs, () => {
      this.#beat();
      this.#arm();
    });
  }

  #beat(): void {
    const { clock } = this.#surroundings;
    const now = clock.now();
    if (!this.holdsPlace()) return this.#fence("lease");
    for (const { node } of this.#table.members) this.#wire.send(node, HEARTBEAT);
    this.#events.beat();
    for (const member of this.#table.newlySilent(this.#times.silentMs, now)) this.#events.member(member);
    if (now >= this.#renewAt && !this.#renewing) void this.#renew();
    if (now - this.#ownSeenAt > this.#times.ttlMs) return;
    this.#table.overdue(now).forEach((overdue) => void this.#declare(overdue, "lease").catch(() => undefined));
  }

  async #renew(): Promise<void> {
    this.#renewing = true;
    try {
      await this.#write({});
    } catch {
      // Not confirmed: the next beat tries again, and the lease ends by itself if that goes on.
      this.#renewAt = this.#surroundings.clock.now() + this.#times.heartbeatMs;
    } finally {
      this.#renewing = false;
    }
  }

  /** Writes the own record with a change, once the writes before it are done or have failed. */
  #write(change: Partial<NodeRecord>): Promise<void> {
    const write = (): Promise<void> => this.#writeNow({ ...this.#record, ...change });
    const written = this.#writing.then(write, write);
    this.#writing = written;
    return written;
  }

  /** Writes the own record; a write that was done though its answer was lost is found by the next. */
  async #writeNow(record: NodeRecord): Promise<void> {
    const key = NODE_PREFIX + this.self.name;
    const { clock } = this.#surroundings;
    for (;;) {
      const [sentAt, sentAtWall] = [clock.now(), clock.wallTime()];
      const written = await this.register.put(key, encodeRecord(record), this.#revision);
      if (written.ok) {
        this.#record = record;
        this.#revision = written.revision;
        this.#renewAt = sentAt + this.#times.ttlMs / 3;
        if (!this.#over) this.#lease.renewed(sentAt, sentAtWall);
        return;
      }
      const { current } = written;
      const found = current === undefined ? undefined : decodeRecord(current.value);
      if (current === undefined || found?.incarnation !== this.self.incarnation || found.state === "down") {
        return this.#fence(found?.state === "down" ? found.why : "replaced");
      }
      this.#revision = current.revision;
    }
  }

  async #declare({ node, record, revision }: Overdue, why: string): Promise<boolean> {
    const down: NodeRecord = { ...record, state: "down", by: this.self.name, why };
    return (await this.register.put(NODE_PREFIX + node.name, encodeRecord(down), revision)).ok;
  }

  async #leave(): Promise<void> {
    if (this.#over) return;
    this.#end();
    // The register may be faster than the wire: the others would take what was said last for lost.
    await this.#wire.flush?.();
    // Whoever cannot be told finds the lease run out.
    await this.#write({ state: "down", by: this.self.name, why: "left" }).catch(() => undefined);
    await this.#wire.close();
  }

  #fence(why: string): void {
    if (this.#over) return;
    this.#end();
    this.#events.fenced(why);
    void this.#wire.close();
  }

  #end(): void {
    this.#over = true;
    this.#lease.end();
    this.#stopWatching();
    if (this.#timer !== undefined) this.#surroundings.clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }
}
