import { Actor, type ActorRef } from "../../src/index.js";

/** What a member can be sent: a beat, and the news that the server is drained. */
export interface Beating {
  beat(): void;
  drain(retryAfterMs: number): void | Promise<void>;
}

/** The ref of something that wants a beat. */
export type BeatingRef = ActorRef<Beating>;

/** What a heartbeat is started with. */
export interface HeartbeatStart {
  /** The time between two beats of one member. */
  readonly periodMs: number;
  readonly members: HeartbeatMembers;
}

const BUCKETS = 25;

/**
 * Who wants a beat, in buckets that take turns: no timer per connection, and no moment in which all of them are pinged.
 *
 * Held by the endpoint, filled by its listener; a member that has ended is dropped when its turn comes.
 */
export class HeartbeatMembers {
  readonly #buckets: BeatingRef[][] = Array.from({ length: BUCKETS }, () => []);
  #next = 0;
  #turn = 0;

  get size(): number {
    return this.#buckets.reduce((sum, bucket) => sum + bucket.length, 0);
  }

  /** All members, some of which may have ended. */
  all(): BeatingRef[] {
    return this.#buckets.flat();
  }

  add(member: BeatingRef): void {
    this.#buckets[this.#next]?.push(member);
    this.#next = (this.#next + 1) % BUCKETS;
  }

  /** The members whose turn it is; the list is theirs to filter in place. */
  takeTurn(isAlive: (member: BeatingRef) => boolean): readonly BeatingRef[] {
    const members = (this.#buckets[this.#turn] ?? []).filter(isAlive);
    this.#buckets[this.#turn] = members;
    this.#turn = (this.#turn + 1) % BUCKETS;
    return members;
  }
}

/** Beats every member once a period, a twenty-fifth of them at a time. Without state of its own: a restart goes on where it was. */
export class Heartbeat extends Actor<HeartbeatStart> {
  #members: HeartbeatMembers | undefined;

  override init({ periodMs, members }: HeartbeatStart): void {
    this.#members = members;
    this.sendEvery(Math.max(1, periodMs / BUCKETS), "beat");
  }

  override handleInfo(): void {
    for (const member of this.#members?.takeTurn((one) => this.system.isAlive(one)) ?? []) member.cast.beat();
  }

  override formatStatus(): unknown {
    const living = (this.#members?.all() ?? []).filter((member) => this.system.isAlive(member));
    return { kind: "heartbeat", members: living.length };
  }
}
