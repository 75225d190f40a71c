import type { Clock } from "../../src/index.js";

/** Thrown when something happened that must not. */
export class Violation extends Error {
  override readonly name = "Violation";
}

interface Instance {
  readonly user: string;
  readonly topic: string;
  /** Which endpoint it belongs to. */
  readonly endpoint: number;
  ended: number;
  /** When its session ended. */
  orphanedAt: number;
  /** Since when its client wants to leave it; `undefined` while it does not. */
  leftAt: number | undefined;
  /** When the latest push that it was given began. */
  busyAt: number;
  /** Whether its end need not be seen: it was killed, alone or with its process. */
  killed: boolean;
}

/** How often a push took effect, and what is known of the latest time. */
interface Effect {
  times: number;
  /** In which life of the process. */
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

/** How long a channel may take to end that was left, and about how long it must have been busy not to make it. */
const LEAVING_MS = 5_000;
const BUSY_MS = LEAVING_MS - 1_000;

/** How long an idempotent push is known. */
const WINDOW_MS = 120_000;

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
  #life = 0;
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
  began(user: string, topic: string, endpoint: number): number {
    this.#instances.push({
      user,
      topic,
      endpoint,
      ended: 0,
      orphanedAt: Number.POSITIVE_INFINITY,
      leftAt: undefined,
      busyAt: 0,
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

  /** A user leaves a topic. Its channel finishes what it was given, for as long as {@link LEAVING_MS}; then it is killed. */
  leaves(user: string, topic: string): void {
    for (const each of this.#instances) {
      if (each.user === user && each.topic === topic && each.ended === 0) each.leftAt ??= this.#clock.now();
    }
  }

  /** A channel is back that was lost with its session or its process; it knows of pushes up to a number. Gives a new number, as {@link began}. */
  revived(user: string, topic: string, endpoint: number, last: number): number {
    const instance = this.began(user, topic, endpoint);
    this.#lastEffect.set(instance, last);
    this.#life += 1;
    return instance;
  }

  /** The process of all channels is killed, or its endpoint is. */
  processKilled(): void {
    this.#life += 1;
    for (const one of this.#unsafe) this.#doubtful.add(one);
    this.#unsafe.clear();
    for (const instance of this.#instances) if (instance.ended === 0) instance.killed = true;
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
    const now = { times, life: this.#life, instance, beganAt, replied: false };
    this.#effects.set(push, now);
    const known = this.#instances[instance];
    if (known !== undefined) known.busyAt = this.#clock.now();
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

  /** A crash may take an effect back that nobody was told of. The channel itself looks that it is not one which was kept. */
  #mayRepeat({ idempotent, instance }: EffectOf, before: Effect): boolean {
    if (before.life !== this.#life) return true;
    if (!idempotent) return false;
    const { [before.instance]: first, [instance]: second } = this.#instances;
    const isKnown = first?.endpoint === second?.endpoint && this.#clock.now() - before.beganAt <= WINDOW_MS;
    // Nothing is known to a channel that works off what it was given when its session has ended.
    const isOrphan = (second?.orphanedAt ?? 0) <= this.#clock.now();
    // What no reply was written for may be tried again: its session may have ended before it had taken the answer.
    // A channel that was killed in the middle of it may come to its end all the same, as nothing stops what it awaits.
    return !isKnown || !before.replied || isOrphan || first?.killed === true;
  }

  /** Everything that has begun has ended, and was told so. */
  checkEnds(): void {
    const open = this.#instances.filter((each) => each.ended === 0 && !each.killed && !wasLate(each));
    const names = open.map(({ user, topic }) => `${topic} of ${user}`);
    if (names.length > 0) throw new Violation(`terminate never ran for ${names.join(", ")}`);
  }
}

/** Whether a channel that was left had so much to do that it was killed in the middle of that. */
function wasLate({ leftAt, busyAt }: Instance): boolean {
  return leftAt !== undefined && busyAt - leftAt >= BUSY_MS;
}

function keyOf(user: string, topic: string, number: number): string {
  return `${user} ${topic} ${number}`;
}
