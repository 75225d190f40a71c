import type { InspectableActor, InspectableSystem, LifeTally, SystemCounters } from "../../src/inspect/inspectable.js";
import type { ActorLife, BusyWith, MailboxState } from "../../src/inspect/protocol/tree.js";

/** What a fake actor may differ in from an idle worker. */
export interface FakeActorOptions {
  readonly name?: string;
  readonly label?: string;
  readonly behaviour?: string;
  readonly life?: ActorLife;
  readonly busy?: BusyWith;
  readonly mailbox?: MailboxState;
  readonly messages?: number;
  readonly children?: readonly FakeActor[];
  readonly status?: () => unknown;
}

let lastId = 0;

/** An actor that exists for the inspector only. Its ref is `<0.n>`, counted up over the test file. */
export class FakeActor implements InspectableActor {
  readonly ref = `<0.${++lastId}>`;
  readonly name: string | undefined;
  readonly label: string | undefined;
  readonly behaviour: string;
  readonly life: ActorLife;
  readonly busy: BusyWith | undefined;
  readonly mailbox: MailboxState;
  readonly messages: number;
  #parent: FakeActor | undefined;
  readonly #children: readonly FakeActor[];
  readonly #status: () => unknown;

  constructor(options: FakeActorOptions = {}) {
    this.name = options.name;
    this.label = options.label;
    this.behaviour = options.behaviour ?? "Worker";
    this.life = options.life ?? "idle";
    this.busy = options.busy;
    this.mailbox = options.mailbox ?? { length: 0 };
    this.messages = options.messages ?? 0;
    this.#children = options.children ?? [];
    this.#status = options.status ?? (() => undefined);
    for (const child of this.#children) child.#parent = this;
  }

  parent(): FakeActor | undefined {
    return this.#parent;
  }

  children(): readonly FakeActor[] {
    return this.#children;
  }

  tallyChildren(max: number): LifeTally {
    return tally(this.#children, max);
  }

  status(): unknown {
    return this.#status();
  }
}

/** A system of fake actors that counts how often it was looked at. */
export class FakeSystem implements InspectableSystem {
  readonly name: string;
  readonly #root: FakeActor | undefined;
  readonly #orphans: readonly FakeActor[];
  looks = 0;

  constructor(root?: FakeActor, orphans: readonly FakeActor[] = [], name = "lobby") {
    this.name = name;
    this.#root = root;
    this.#orphans = orphans;
  }

  uptimeMs(): number {
    return 192_000;
  }

  wallTime(): number {
    return Date.UTC(2030, 0, 2, 3, 4, 5);
  }

  root(): InspectableActor | undefined {
    this.looks++;
    return this.#root;
  }

  orphans(): readonly FakeActor[] {
    return this.#orphans;
  }

  tallyOrphans(max: number): LifeTally {
    return tally(this.#orphans, max);
  }

  find(nameOrRef: string): InspectableActor | undefined {
    const queue = [...(this.#root === undefined ? [] : [this.#root]), ...this.#orphans];
    for (const actor of queue) {
      if (actor.name === nameOrRef || actor.ref === nameOrRef) return actor;
      queue.push(...actor.children());
    }
    return undefined;
  }

  counters(): SystemCounters {
    return { alive: 27, spawned: 30, stopped: 3, messages: 1_234, deadLetters: 0 };
  }
}

/** The status of a supervisor as supervisors give it. */
export function supervisorStatus(options: {
  readonly inWindow?: number;
  readonly max?: number;
  readonly more?: Readonly<Record<string, unknown>>;
}): () => unknown {
  const restarts = {
    inWindow: options.inWindow ?? 0,
    max: options.max ?? 3,
    periodMs: 5_000,
    total: options.inWindow ?? 0,
  };
  return () => ({ kind: "supervisor", strategy: "one_for_one", restarts, ...options.more });
}

function tally(actors: readonly FakeActor[], max: number): LifeTally {
  const byLife = new Map<ActorLife, number>();
  const counted = actors.slice(0, max);
  for (const { life } of counted) byLife.set(life, (byLife.get(life) ?? 0) + 1);
  return { count: counted.length, byLife };
}
