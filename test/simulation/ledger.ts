/** Thrown when something happened that must not. */
export class Violation extends Error {
  override readonly name = "Violation";
}

interface Instance {
  readonly user: string;
  readonly topic: string;
  ended: number;
  /** Whether its end need not be seen: it was killed, alone or with its process. */
  killed: boolean;
}

/** What really happened on the server, from outside of it: it survives every crash. */
export class Ledger {
  readonly #published = new Map<string, number>();
  readonly #effects = new Map<string, number>();
  readonly #lastEffect = new Map<number, number>();
  /** In which life of the process a push took effect last. */
  readonly #lives = new Map<string, number>();
  /** Broadcasts whose sender was not told that they are safe before the process was killed: they may be there or not. */
  readonly #doubtful = new Set<string>();
  readonly #unsafe = new Set<string>();
  #life = 0;
  readonly #instances: Instance[] = [];

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
  began(user: string, topic: string): number {
    this.#instances.push({ user, topic, ended: 0, killed: false });
    return this.#instances.length - 1;
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

  /** A channel is back that was lost with its session or its process; it knows of pushes up to a number. Gives a new number, as {@link began}. */
  revived(user: string, topic: string, last: number): number {
    const instance = this.began(user, topic);
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
  effect(user: string, topic: string, number: number, instance: number): void {
    const push = keyOf(user, topic, number);
    const times = (this.#effects.get(push) ?? 0) + 1;
    this.#effects.set(push, times);
    // A crash may take an effect back that nobody was told of. The channel itself looks that it is not one which was kept.
    const again = times > 1 && this.#lives.get(push) !== this.#life;
    this.#lives.set(push, this.#life);
    if (times > 1 && !again) throw new Violation(`push ${number} of ${user} on ${topic} took effect ${times} times`);
    const last = this.#lastEffect.get(instance) ?? 0;
    if (number <= last) throw new Violation(`push ${number} of ${user} on ${topic} took effect after push ${last}`);
    this.#lastEffect.set(instance, number);
  }

  /** Whether a push took effect. */
  hadEffect(user: string, topic: string, number: number): boolean {
    return this.#effects.has(keyOf(user, topic, number));
  }

  /** Everything that has begun has ended, and was told so. */
  checkEnds(): void {
    const open = this.#instances.filter((each) => each.ended === 0 && !each.killed);
    const names = open.map(({ user, topic }) => `${topic} of ${user}`);
    if (names.length > 0) throw new Violation(`terminate never ran for ${names.join(", ")}`);
  }
}

function keyOf(user: string, topic: string, number: number): string {
  return `${user} ${topic} ${number}`;
}
