import type { Clock, ClockTimer } from "../../../kernel/clock.js";
import type { Member } from "../../engine.js";
import { MemberTable } from "../../membership/member-table.js";
import { decodeRecord, encodeRecord, NODE_PREFIX } from "../../membership/node-record.js";
import type { NodeIdentity } from "../../node-identity.js";
import type { RegisterHost } from "../register-host.js";

const LOOK_MS = 250;
/** A look that comes so late says that this process was stopped itself: what it did not hear is nobody's fault. */
const LATE_MS = 1_000;

/**
 * The host's view of its cores as members.
 *
 * It declares a core down whose process has ended, and one that has not renewed its lease, which the other cores would do as well; but a core may
 * be alone.
 */
export class MemberWatch {
  readonly #clock: Clock;
  readonly #register: RegisterHost;
  readonly #table: MemberTable;
  readonly #stopWatching: () => void;
  #timer: ClockTimer;
  #lookedAt: number;

  constructor(self: NodeIdentity, register: RegisterHost, clock: Clock, changed: (member: Member) => void) {
    this.#clock = clock;
    this.#register = register;
    this.#table = new MemberTable(self);
    this.#stopWatching = register.local.watch(NODE_PREFIX, {
      changed: (change) => {
        for (const member of this.#table.changed(change, clock.now())) changed(member);
      },
      reset: () => undefined,
    });
    this.#lookedAt = clock.now();
    this.#timer = this.#arm();
  }

  /** The cores that are not down. */
  get members(): readonly Member[] {
    return this.#table.members;
  }

  /** The end of a life is certain: everybody is to know. */
  declareDown({ name, incarnation }: NodeIdentity, why: string): void {
    const key = NODE_PREFIX + name;
    const { table } = this.#register;
    const entry = table.get(key);
    const record = entry === undefined ? undefined : decodeRecord(entry.value);
    if (entry === undefined || record?.incarnation !== incarnation || record.state === "down") return;
    const value = encodeRecord({ ...record, state: "down", by: "host", why });
    const written = table.put(key, value, entry.revision);
    if (written.ok) this.#register.changed({ key, value, revision: written.revision });
  }

  close(): void {
    this.#stopWatching();
    this.#clock.clearTimer(this.#timer);
  }

  #arm(): ClockTimer {
    return this.#clock.setTimer(LOOK_MS, () => {
      this.#look();
      this.#timer = this.#arm();
    });
  }

  #look(): void {
    const now = this.#clock.now();
    const isLate = now - this.#lookedAt > LOOK_MS + LATE_MS;
    this.#lookedAt = now;
    if (isLate) return this.#table.excuse(now);
    for (const { node } of this.#table.overdue(now)) this.declareDown(node, "lease");
  }
}
