import {
  type ActorRef,
  type ActorSystem,
  type AnyRef,
  type Clock,
  type Random,
  type Report,
  seededRandom,
} from "../../src/index.js";
import { createScheduledSystem } from "../../src/kernel/system.js";
import { cellOf } from "../../src/kernel/cell.js";
import { childrenOf } from "../../src/kernel/family.js";
import { Endpoint, type EndpointOptions } from "../../actors/index.js";
import { child, Supervisor } from "../../supervisors/index.js";
import { assertNoLeaks, type VirtualClock } from "../../src/testing/index.js";
import { SeededScheduler } from "../../src/testing/seeded-scheduler.js";

/** What a process of the server is started with. */
export interface LifeOptions {
  readonly clock: VirtualClock;
  readonly seed: number;
  readonly endpoint: EndpointOptions;
}

/** A clock that dies with its process: no timer of it fires after that. */
class MortalClock implements Clock {
  readonly #clock: VirtualClock;
  #dead = false;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  wallTime(): number {
    return this.#clock.wallTime();
  }

  setTimer(delayMs: number, fire: () => void): object {
    if (this.#dead) return {};
    return this.#clock.setTimer(delayMs, () => {
      if (!this.#dead) fire();
    });
  }

  clearTimer(timer: object): void {
    this.#clock.clearTimer(timer);
  }

  die(): void {
    this.#dead = true;
  }
}

/** Crashes within five seconds that an endpoint puts up with. */
export const ALLOWED_CRASHES = 3;

const RETRY_MS = 500;

/** A part of the endpoint that can crash alone; what depends on it is started anew with it. */
export type Part = "endpoint" | "store" | "topics" | "sessions" | "restorer" | "connections" | "clients" | "listener";

/** The parts that sessions outlive. */
export const OUTLIVED_PARTS: ReadonlySet<Part> = new Set<Part>(["restorer", "connections", "clients", "listener"]);

interface RootStart {
  readonly endpoint: EndpointOptions;
  readonly started: (root: ActorRef<Root>) => void;
}

class Root extends Supervisor<RootStart> {
  override init({ endpoint: args, started }: RootStart) {
    started(this.self<Root>());
    return {
      strategy: "one_for_one",
      intensity: 1_000,
      periodMs: 1_000,
      children: [child(Endpoint, { id: "endpoint", args, shutdown: 30_000 })],
    } as const;
  }
}

/** What a session or a connection shows of itself. */
export interface Member {
  readonly ref: AnyRef;
  readonly status: Readonly<Record<string, unknown>>;
}

/** One process of the server, from its start to its end: an actor system with an endpoint. */
export class Life {
  readonly system: ActorSystem;
  readonly reports: Report[];
  readonly #clock: MortalClock;
  readonly #virtual: VirtualClock;

  readonly #root: ActorRef<Root>;

  private constructor(
    system: ActorSystem,
    root: ActorRef<Root>,
    clock: MortalClock,
    virtual: VirtualClock,
    reports: Report[],
  ) {
    this.system = system;
    this.#root = root;
    this.#clock = clock;
    this.#virtual = virtual;
    this.reports = reports;
  }

  static async start({ clock, seed, endpoint }: LifeOptions): Promise<Life> {
    const mortal = new MortalClock(clock);
    const reports: Report[] = [];
    const random: Random = seededRandom(seed);
    let root: ActorRef<Root> | undefined;
    const rootArgs: RootStart = {
      endpoint,
      started: (ref) => {
        root = ref;
      },
    };
    const system = await createScheduledSystem(
      { clock: mortal, random, root: Root, rootArgs, reporter: (report) => void reports.push(report) },
      (setup) => new SeededScheduler(setup, seed),
    );
    if (root === undefined) throw new Error("the server's root did not start");
    clock.attach(system);
    return new Life(system, root, mortal, clock, reports);
  }

  /** Whether nothing waits for the store, if there is one. */
  get isAllKept(): boolean {
    const store = this.system.whereis("endpoint.store");
    return store !== undefined && statusOf(cellOf(store).actor?.formatStatus())["waiting"] === 0;
  }

  /** The sessions, or the connections. */
  members(of: "sessions" | "connections"): Member[] {
    const supervisor = this.system.whereis(`endpoint.${of}`);
    if (supervisor === undefined) return [];
    return [...childrenOf(cellOf(supervisor))].map((cell) => ({
      ref: cell,
      status: statusOf(cell.actor?.formatStatus()),
    }));
  }

  /**
   * A part of the endpoint is killed, and started again with all that depends on it.
   *
   * The endpoint itself crashes as a supervisor does: a part of it crashes more often than is allowed.
   */
  async crash(part: Part): Promise<void> {
    const times = part === "endpoint" ? ALLOWED_CRASHES + 1 : 1;
    for (let time = 0; time < times; time++) {
      const ref = this.system.whereis(`endpoint.${part === "endpoint" ? "topics" : part}`);
      if (ref !== undefined) this.system.exit(ref, "kill");
      await this.#virtual.settle();
    }
  }

  /** The endpoint is stopped, with a drain, and started again. */
  async drain(): Promise<void> {
    const root = this.#root.callWithin(60_000);
    await root.terminateChild("endpoint");
    let started = await root.restartChild("endpoint");
    // After a crash its parts may still be ending, and their names are taken.
    while (!started.ok && started.reason === "start_failed") {
      await new Promise<void>((resolve) => void this.#clock.setTimer(RETRY_MS, resolve));
      started = await root.restartChild("endpoint");
    }
  }

  /** SIGKILL: nothing of it runs any more. */
  die(): void {
    this.#clock.die();
  }

  /** A stop that waits for everything, and leaves nothing. */
  async stop(): Promise<void> {
    let stopped = false;
    const stopping = this.system.stop().then(() => {
      stopped = true;
    });
    for (let second = 0; !stopped && second < 600; second++) await this.#virtual.advance(1_000);
    if (!stopped) throw new Error("the system did not stop within ten minutes");
    await stopping;
    assertNoLeaks(this.system);
  }
}

function statusOf(status: unknown): Readonly<Record<string, unknown>> {
  return typeof status === "object" && status !== null ? { ...status } : {};
}
