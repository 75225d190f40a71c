import type { Clock } from "../../src/index.js";

/** Thrown when something happened that must not. */
export class Violation extends Error {
  override readonly name = "Violation";
}

interface Instance {
  readonly user: string;
  readonly topic: string;
  /** Which endpoint it belongs to: the process, and which of that one's. */
  readonly endpoint: string;
  ended: number;
  /** When its session ended. */
  orphanedAt: number;
  /** Since when it has not paused between one push and the next. */
  busySince: number;
  /** When its latest push was handled; `undefined` while it is at one. */
  idleAt: number | undefined;
  /** Whether its end need not be seen: it was killed, alone or with its process. */
  killed: boolean;
}

/** How often a push took effect, and what is known of the latest time. */
interface Effect {
  times: number;
  /** In which life of its user's sessions. */
  life: number;
  instance: number;
  beganAt: number;
  /** Whether its reply was written to its client. */
  replied: boolean;
}

/** A push that takes effect. */
export interface EffectOf {
  readonly user: string;
  readonly topic: string;
  readonly n: number;
  /** Which channel handles it. */
  readonly instance: number;
  /** Whether its client may send it again in another session. */
  readonly idempotent: boolean;
}

/** How long a channel may go on with what it was given when it was left, or its session has ended; then it is killed. */
const LEAVING_MS = 5_000;

/** How long an idempotent push is known. */
const WINDOW_MS = 120_000;

/** The process, where there is one alone. */
export const ONLY_PROCESS = "server";

/** What really happened on the server, from outside of it: it survives every crash. */
export class Ledger {
  readonly #published = new Map<string, number>();
  readonly #effects = new Map<string, Effect>();
  readonly #lastEffect = new Map<number, number>();
  /** The latest push of each channel that its user knows to be handled. */
  readonly #told = new Map<number, number>();
  /** Broadcasts whose sender was not told that they are safe before the process was killed: they may be there or not. */
  readonly #doubtful = new Set<string>();
  readonly #unsafe = new Set<string>();
  /** When a user first wanted to leave a topic. */
  readonly #leftAt = new Map<string, number>();
  /** How often what the channels of a user had done may have been taken back. */
  readonly #lives = new Map<string, number>();
  readonly #instances: Instance[] = [];
  readonly #clock: Pick<Clock, "now">;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** Counts a broadcast on a topic and gives its number, from 1. */
  publish(topic: string): number {
    const number = this.published(topic) + 1;
    this.#published.set(topic, number);
    return number;
  }

  /** A broadcast waits for the store. */
  unsafe(topic: string, number: number): void {
    this.#unsafe.add(`${topic} ${number}`);
  }

  /** Its sender is told that it is safe. */
  safe(topic: string, number: number): void {
    this.#unsafe.delete(`${topic} ${number}`);
  }

  /** Its sender will not be told. */
  doubt(topic: string, number: number): void {
    this.#unsafe.delete(`${topic} ${number}`);
    this.#doubtful.add(`${topic} ${number}`);
  }

  /** Whether a broadcast may be missing, as nobody was told that it is safe. */
  isDoubtful(topic: string, number: number): boolean {
    return this.#doubtful.has(`${topic} ${number}`);
  }

  /** How many broadcasts there were on a topic. */
  published(topic: string): number {
    return this.#published.get(topic) ?? 0;
  }

  /** A channel has begun; gives its number. */
  began(user: string, topic: string, endpoint: string): number {
    this.#instances.push({
      user,
      topic,
      endpoint,
      ended: 0,
      orphanedAt: Number.POSITIVE_INFINITY,
      busySince: 0,
      idleAt: 0,
      killed: false,
    });
    return this.#instances.length - 1;
  }

  /** The session of a channel ends. */
  orphaned(instance: number): void {
    const { [instance]: known } = this.#instances;
    if (known !== undefined) known.orphanedAt = this.#clock.now();
  }

  /** A channel's `terminate` runs. */
  terminated(instance: number): void {
    const known = this.#instances[instance];
    if (known === undefined) throw new Violation(`terminate of a channel that never began`);
    known.ended += 1;
    if (known.ended > 1) throw new Violation(`terminate ran ${known.ended} times for one channel of ${known.topic}`);
  }

  /** The channels of a user on a topic are killed, one that was left and has not ended too: they need not see their own end. */
  killed(user: string, topic: string): void {
    for (const each of this.#instances) {
      if (each.user === user && each.topic === topic && each.ended === 0) each.killed = true;
    }
  }

  /** A user is told that a push was handled, by the channel that it knows by that number. */
  told(instance: number, n: number): void {
    this.#told.set(instance, Math.max(n, this.#told.get(instance) ?? 0));
  }

  /** A channel comes back, under the number that its user knows; it remembers pushes up to `last`. @throws {Violation} if it has forgotten some */
  checkMemory(instance: number, last: number): void {
    const told = this.#told.get(instance) ?? 0;
    if (told > last)
      throw new Violation(`a channel came back that knows of push ${last}; its user was told of ${told}`);
  }

  /** A user leaves a topic: the channel that it has there by the time the server hears of it must end. */
  leaves(user: string, topic: string): void {
    const place = placeOf(user, topic);
    if (!this.#leftAt.has(place)) this.#leftAt.set(place, this.#clock.now());
  }

  /** A channel has handled a push. */
  idle(instance: number): void {
    const { [instance]: known } = this.#instances;
    if (known !== undefined) known.idleAt = this.#clock.now();
  }

  /** A channel was killed. It need not see that if it had to end, and was at what it had been given for as long as it may. */
  wasKilled(instance: number): void {
    const { [instance]: known } = this.#instances;
    const now = this.#clock.now();
    if (known === undefined || (known.idleAt ?? now) < now) return;
    const { user, topic, orphanedAt, busySince } = known;
    const toEndSince = Math.min(orphanedAt, this.#leftAt.get(placeOf(user, topic)) ?? Infinity);
    if (now - Math.max(toEndSince, busySince) >= LEAVING_MS) known.killed = true;
  }

  /** A channel is back that was lost with its session or its process; it knows of pushes up to a number. Gives a new number, as {@link began}. */
  revived(user: string, topic: string, endpoint: string, last: number): number {
    const instance = this.began(user, topic, endpoint);
    this.#lastEffect.set(instance, last);
    this.#takenBack(user);
    return instance;
  }

  /** A process is killed, or its endpoint is, with all channels in it. */
  processKilled(process = ONLY_PROCESS): void {
    for (const one of this.#unsafe) this.#doubtful.add(one);
    this.#unsafe.clear();
    const users = new Set<string>();
    for (const instance of this.#instances) {
      if (!instance.endpoint.startsWith(`${process} `)) continue;
      users.add(instance.user);
      if (instance.ended === 0) instance.killed = true;
    }
    for (const user of users) this.#takenBack(user);
  }

  /**
   * A push takes effect. Numbers rise in each channel: that of a session which was lost may still be at work on what it was given, while the
   * client, who was told so, goes on in the next one.
   */
  effect(of: EffectOf): void {
    const { user, topic, n, instance } = of;
    const push = keyOf(user, topic, n);
    const before = this.#effects.get(push);
    const times = (before?.times ?? 0) + 1;
    if (before !== undefined && !this.#mayRepeat(of, before)) {
      throw new Violation(`push ${n} of ${user} on ${topic} took effect ${times} times`);
    }
    const beganAt = before?.beganAt ?? this.#clock.now();
    const now = { times, life: this.#lifeOf(user), instance, beganAt, replied: false };
    this.#effects.set(push, now);
    this.#busy(instance);
    const last = this.#lastEffect.get(instance) ?? 0;
    if (n <= last) throw new Violation(`push ${n} of ${user} on ${topic} took effect after push ${last}`);
    this.#lastEffect.set(instance, n);
  }

  /** The reply to a push is written to its client. */
  replied(user: string, topic: string, n: number): void {
    const effect = this.#effects.get(keyOf(user, topic, n));
    if (effect !== undefined) effect.replied = true;
  }

  /** Whether a push took effect. */
  hadEffect(user: string, topic: string, number: number): boolean {
    return this.#effects.has(keyOf(user, topic, number));
  }

  #busy(instance: number): void {
    const { [instance]: known } = this.#instances;
    if (known === undefined) return;
    const now = this.#clock.now();
    if (known.idleAt !== undefined && known.idleAt < now) known.busySince = now;
    known.idleAt = undefined;
  }

  /** A crash may take an effect back that nobody was told of. The channel itself looks that it is not one which was kept. */
  #mayRepeat({ user, idempotent, instance }: EffectOf, before: Effect): boolean {
    if (before.life !== this.#lifeOf(user)) return true;
    if (!idempotent) return false;
    const { [before.instance]: first, [instance]: second } = this.#instances;
    const isKnown = first?.endpoint === second?.endpoint && this.#clock.now() - before.beganAt <= WINDOW_MS;
    // Nothing is known to a channel that works off what it was given when its session has ended.
    const isOrphan = (second?.orphanedAt ?? 0) <= this.#clock.now();
    // What no reply was written for may be tried again: its session may have ended before it had taken the answer.
    // A channel that was killed in the middle of it may come to its end all the same, as nothing stops what it awaits.
    return !isKnown || !before.replied || isOrphan || first?.killed === true;
  }

  #takenBack(user: string): void {
    this.#lives.set(user, this.#lifeOf(user) + 1);
  }

  #lifeOf(user: string): number {
    return this.#lives.get(user) ?? 0;
  }

  /** Everything that has begun has ended, and was told so. */
  checkEnds(): void {
    const open = this.#instances.filter((each) => each.ended === 0 && !each.killed);
    const names = open.map(({ user, topic }) => `${topic} of ${user}`);
    if (names.length > 0) throw new Violation(`terminate never ran for ${names.join(", ")}`);
  }
}

function placeOf(user: string, topic: string): string {
  return `${user} ${topic}`;
}

function keyOf(user: string, topic: string, number: number): string {
  return `${placeOf(user, topic)} ${number}`;
}
