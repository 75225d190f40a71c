import type { Clock } from "../../kernel/clock.js";
import type { Random } from "../../kernel/random.js";
import { CloseCode } from "../../protocol/close-codes.js";
import { addressGroup } from "./address-group.js";
import { type AddressRow, AddressTable } from "./address-table.js";
import type { AdmissionRules } from "./admission-options.js";
import { clientAddress } from "./client-address.js";
import { LoopLag } from "./loop-lag.js";
import { RetrySlots } from "./retry-slots.js";
import { Ticket } from "./ticket.js";
import { TokenBucket } from "./token-bucket.js";
import { type UserPlace, UserPlaces } from "./user-places.js";

/** What a client asks for: a session of its own, or the one it had. Each has its own bucket, so neither keeps the other out. */
export type Lane = "new" | "resume";

/** Why a client is turned away: the close code it is told, with a stable word and when to come back. */
export interface TurnedAway {
  readonly code: (typeof CODES)[keyof typeof CODES];
  readonly reason: "overloaded" | "rate_limited" | "address_limit" | "user_limit" | "drain";
  /** Another one for each client that is turned away. */
  readonly retryAfterMs: number;
}

/** Whether a connected client may go on: with a ticket, which it has to give back. */
export type Entered = { readonly ok: true; readonly ticket: Ticket } | ({ readonly ok: false } & TurnedAway);

/** What there is to count. */
export interface AdmissionStatus {
  /** Connections with a ticket, and those of them that are not authenticated yet. */
  readonly open: number;
  readonly pending: number;
  /** Groups of addresses that are known of, and users with a connection. */
  readonly addresses: number;
  readonly users: number;
  /** Clients turned away since the start: before the upgrade, and by reason after it. */
  readonly shielded: number;
  readonly turnedAway: Readonly<Record<TurnedAway["reason"], number>>;
}

/** Where an admission gets time and chance. */
export interface AdmissionSources {
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Decides who may come in, and when the others may try again: one for each endpoint.
 *
 * Three questions in the life of a client. {@link shield}, before the upgrade: does the server take anybody at all? {@link enter}, after it:
 * may this address have one more connection? And, by the ticket that it then has: is there a handshake left in its lane, a place for its
 * user, and does it, or do all connections of its user, send too much? All of it is bounded by the connections that there are, and by
 * `rememberedAddresses` and `rememberedUsers`.
 */
export class AdmissionKeeper {
  readonly #rules: AdmissionRules;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #lag: LoopLag;
  readonly #addresses: AddressTable;
  readonly #users: UserPlaces;
  readonly #lanes: Readonly<Record<Lane, TokenBucket>>;
  /** Those turned away by a lane come back as fast as that lane takes them. */
  readonly #slots: Readonly<Record<Lane, RetrySlots>>;
  readonly #turnedAway: Record<TurnedAway["reason"], number>;
  #shielded = 0;
  #open = 0;
  #pending = 0;
  /** Until when nobody is taken; `Infinity` until further notice. */
  #closedUntilMs: number | undefined;

  constructor(rules: AdmissionRules, { clock, random }: AdmissionSources) {
    const { lanes } = rules;
    this.#rules = rules;
    this.#clock = clock;
    this.#random = random;
    this.#lag = new LoopLag(clock);
    this.#addresses = new AddressTable(rules.address, rules.rememberedAddresses);
    this.#users = new UserPlaces(rules.connectionsPerUser, rules.rememberedUsers);
    this.#lanes = { new: new TokenBucket(lanes.new), resume: new TokenBucket(lanes.resume) };
    this.#slots = { new: new RetrySlots(lanes.new), resume: new RetrySlots(lanes.resume) };
    this.#turnedAway = { overloaded: 0, rate_limited: 0, address_limit: 0, user_limit: 0, drain: 0 };
  }

  /** Whether anybody is taken now; if not, when to come back. Costs next to nothing: it is asked before the upgrade. */
  shield(): { readonly ok: true } | { readonly ok: false; readonly retryAfterMs: number } {
    const { pendingConnections, loopDelayMs } = this.#rules;
    if (this.#lag.read() <= loopDelayMs && this.#pending < pendingConnections) return { ok: true };
    this.#shielded += 1;
    return { ok: false, retryAfterMs: this.#retryAfterMs(this.#slots.resume) };
  }

  /** Lets a connection in; `peer` is the other end of its TCP connection, `headers` hold those that proxies write. */
  enter(peer: string, headers: Readonly<Record<string, string>>): Entered {
    if (this.#closedUntilMs !== undefined) return { ok: false, ...this.#sendElsewhere(this.#closedUntilMs) };
    const address = clientAddress(peer, headers, this.#rules.trust);
    const row = this.#addresses.row(addressGroup(address));
    const limited = !this.#rules.isExempt(address);
    const away = limited ? this.#checkAddress(row) : undefined;
    if (away === undefined) {
      row.open += 1;
      row.pending += 1;
      this.#open += 1;
      this.#pending += 1;
    }
    this.#addresses.settle(row);
    return away === undefined ? { ok: true, ticket: new Ticket(this, row, address) } : { ok: false, ...away };
  }

  /** Whether nobody is taken until {@link takeAgain}. */
  get closed(): boolean {
    return this.#closedUntilMs !== undefined;
  }

  /**
   * Takes nobody any more, and tells each who comes another moment, after `forMs` if they can wait that long. Those who are there stay.
   *
   * `Infinity` is until further notice: then they are to try again in some seconds, and find whoever serves them then.
   */
  close(forMs: number): void {
    this.#closedUntilMs = this.#clock.now() + forMs;
  }

  /** Takes clients again. */
  takeAgain(): void {
    this.#closedUntilMs = undefined;
  }

  /** What there is to see. */
  status(): AdmissionStatus {
    return {
      open: this.#open,
      pending: this.#pending,
      addresses: this.#addresses.size,
      users: this.#users.size,
      shielded: this.#shielded,
      turnedAway: { ...this.#turnedAway },
    };
  }

  /** Ends its timer. */
  stop(): void {
    this.#lag.stop();
  }

  // For tickets.

  /** @internal */
  takeHandshake(lane: Lane): TurnedAway | undefined {
    const waitMs = this.#lanes[lane].take(this.#clock.now());
    return waitMs === 0 ? undefined : this.#turnAway("overloaded", this.#slots[lane], waitMs);
  }

  /** A resume became a new session: paid for afterwards. @internal */
  chargeNew(): void {
    this.#lanes.new.charge(this.#clock.now());
  }

  /** @internal */
  takePlace(user: string, lane: Lane): UserPlace | TurnedAway {
    const place = lane === "resume" ? this.#users.takeAnyway(user) : this.#users.take(user);
    return place ?? this.#turnAway("user_limit", this.#slots.new, 0);
  }

  /** @internal */
  takeMessage(ticket: Ticket, bytes: number): TurnedAway | undefined {
    const { messages, userMessages } = this.#rules;
    const nowMs = this.#clock.now();
    const ownMs = ticket.rate.take(messages, bytes, nowMs);
    // Before it is known who it is, and for who stays anonymous, the connection's own is all there is.
    const waitMs = ownMs > 0 ? ownMs : (ticket.userRate?.take(userMessages, bytes, nowMs) ?? 0);
    return waitMs === 0 ? undefined : this.#turnAway("rate_limited", this.#slots.resume, waitMs);
  }

  /** @internal */
  authenticated(row: AddressRow): void {
    row.pending -= 1;
    this.#pending -= 1;
  }

  /** @internal */
  left(row: AddressRow): void {
    row.open -= 1;
    this.#open -= 1;
    this.#addresses.settle(row);
  }

  #sendElsewhere(untilMs: number): TurnedAway {
    const leftMs = untilMs === Infinity ? LATER_MS * (1 + this.#random.next()) : untilMs - this.#clock.now();
    return this.#turnAway("drain", this.#slots.resume, Math.min(MOST_WAIT_MS, Math.max(0, leftMs)));
  }

  #checkAddress(row: AddressRow): TurnedAway | undefined {
    const { connectionsPerAddress, pendingPerAddress, addressPerSecond } = this.#rules;
    if (row.open >= connectionsPerAddress || row.pending >= pendingPerAddress) {
      return this.#turnAway("address_limit", row.slots(addressPerSecond), 0);
    }
    const waitMs = row.handshakes.take(this.#clock.now());
    return waitMs === 0 ? undefined : this.#turnAway("rate_limited", row.slots(addressPerSecond), waitMs);
  }

  #turnAway(reason: TurnedAway["reason"], slots: RetrySlots, waitMs: number): TurnedAway {
    this.#turnedAway[reason] += 1;
    return { code: CODES[reason], reason, retryAfterMs: this.#retryAfterMs(slots, waitMs) };
  }

  #retryAfterMs(slots: RetrySlots, waitMs = 0): number {
    return slots.next(this.#clock.now(), this.#random.next(), waitMs);
  }
}

/** Who is sent elsewhere tries again after this time, or up to twice of it. */
const LATER_MS = 5_000;
/** Short enough that a session without a socket does not expire meanwhile. */
const MOST_WAIT_MS = 30_000;

const CODES = {
  overloaded: CloseCode.overloaded,
  rate_limited: CloseCode.rateLimited,
  address_limit: CloseCode.rateLimited,
  user_limit: CloseCode.userLimit,
  // What every client knows: whether it is one of level 2 it has not said yet.
  drain: CloseCode.serviceRestart,
} as const satisfies Readonly<Record<string, number>>;
