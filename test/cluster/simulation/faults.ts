import type { TestCluster } from "../../../src/testing/test-cluster.js";
import type { Dice } from "./dice.js";

/** The names of the nodes that every simulated cluster begins with. */
export const nodeNames = ["a", "b", "c"] as const;

/** Does to a cluster what may happen to one, as the dice fall. */
export class Faults {
  readonly #cluster: TestCluster;
  readonly #dice: Dice;
  readonly #stopped: (name: string) => void;
  readonly #paused = new Set<string>();

  /** `stopped` is told of a process that has just been stopped: what it does is in the process when that goes on. */
  constructor(cluster: TestCluster, dice: Dice, stopped: (name: string) => void = () => undefined) {
    this.#cluster = cluster;
    this.#dice = dice;
    this.#stopped = stopped;
  }

  /** The nodes that run now, and are not stopped. */
  get awake(): string[] {
    return nodeNames.filter((name) => !this.#paused.has(name));
  }

  /** Wires that delay and lose frames; a share of 0 loses none. */
  wires(dropRate: number): void {
    this.#cluster.network.setFaults({ delayMs: [0, this.#dice.below(60)], dropRate });
  }

  /** Something happens to one of the nodes, or is over; `restarted` is told of each new life. */
  async strike(restarted: (name: string) => void): Promise<void> {
    const { network } = this.#cluster;
    const name = this.#dice.oneOf(nodeNames);
    switch (this.#dice.below(8)) {
      case 0:
        network.partition(
          nodeNames.filter((other) => other !== name),
          [name],
        );
        return this.pass();
      case 1:
      case 2:
        return network.heal();
      case 3:
        network.pause(name);
        this.#paused.add(name);
        this.#stopped(name);
        return this.pass();
      case 4:
      case 5:
        return this.#resumeAll();
      case 6:
        if (this.#dice.below(3) === 0) await this.restart(name, restarted);
        return;
      default:
        return this.wires(this.#dice.below(3) === 0 ? 0.15 : 0);
    }
  }

  /** Time goes by: most often little, sometimes more than a lease lasts. */
  async pass(): Promise<void> {
    const ms = [1, 20, 200, 1_000, 2_000, 5_000][this.#dice.below(6)] ?? 1;
    await this.#cluster.clock.advance(this.#dice.below(ms + 1));
  }

  /** Everything works again, and those that lost their place come back in a new life. */
  async end(restarted: (name: string) => void): Promise<void> {
    const { network, clock } = this.#cluster;
    network.setFaults({});
    network.heal();
    this.#resumeAll();
    await clock.advance(10_000);
    for (const name of nodeNames) {
      if (!this.#cluster.node(name).cluster.holdsPlace) await this.restart(name, restarted);
    }
    await clock.advance(10_000);
  }

  /** The process of a node ends, and another begins. */
  async restart(name: string, restarted: (name: string) => void): Promise<void> {
    this.#paused.delete(name);
    await this.#cluster.kill(name, { known: this.#dice.below(2) === 0 });
    // A node that cannot reach the register does not come back before it can.
    this.#cluster.network.heal();
    this.wires(0);
    await this.#cluster.start(name);
    restarted(name);
  }

  #resumeAll(): void {
    for (const name of this.#paused) this.#cluster.network.resume(name);
    this.#paused.clear();
  }
}
