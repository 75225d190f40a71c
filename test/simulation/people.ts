import { seededRandom } from "../../src/kernel/random.js";
import type { FaultyNetwork, VirtualClock } from "../../src/testing/index.js";
import type { Ledger, Violation } from "./ledger.js";
import type { Schedule } from "./step.js";
import { Reading } from "./reading.js";
import { StockUser } from "./stock-user.js";
import { User } from "./user.js";
import { Ways } from "./ways.js";

/** Where people live. */
export interface PeopleOptions {
  readonly schedule: Schedule;
  readonly topics: readonly string[];
  readonly network: FaultyNetwork;
  readonly clock: VirtualClock;
  readonly ledger: Ledger;
  /** Told each message that arrives at a client. */
  readonly arrived: (label: string, data: string | Uint8Array) => void;
  readonly failed: (violation: Violation) => void;
  readonly note: (text: string) => void;
}

/** All clients of a simulation; numbers wrap around, and the stock ones come last. */
export class People {
  readonly users: readonly User[];
  readonly #stockUsers: readonly StockUser[];

  /** They connect at once. */
  constructor(options: PeopleOptions) {
    const { schedule, topics, network, clock, ledger, failed, note } = options;
    const { seed, world } = schedule;
    const [gapsAllowed, { windowMessages }] = [!world.gentle, world];
    const common = { url: `${network.url}/socket`, topics, clock, ledger, failed, note };
    const rules = { mayLose: gapsAllowed, bytesRepeat: false, windowMessages };
    const snapshots = world.snapshotMs !== undefined;
    const read = (topic: string): Reading => new Reading(topic, ledger, rules);
    this.users = Array.from({ length: world.clients }, (_, index) => {
      const name = `user${index + 1}`;
      const random = seededRandom(seed * 31 + index);
      const ways = waysOf(name, index, options);
      return new User({ name, ways, random, repeatsAllowed: world.durable, snapshots, read, ...common });
    });
    this.#stockUsers = Array.from({ length: world.stockClients }, (_, index) => {
      const name = `stock${index + 1}`;
      return new StockUser({ name, ways: waysOf(name, index, options), gapsAllowed, windowMessages, ...common });
    });
  }

  /** One that can resume. */
  user(index: number): User {
    const user = this.users[index % this.users.length];
    if (user === undefined) throw new RangeError("the world has no users");
    return user;
  }

  anyone(index: number): User | StockUser {
    const all = this.#all;
    return all[index % all.length] ?? this.user(0);
  }

  /** Whom or what somebody still waits for; `undefined` when all have all that they can have. */
  waitsFor(): string | undefined {
    for (const client of this.#all) {
      const waiting = client.waitsFor();
      if (waiting !== undefined) return waiting;
    }
    return undefined;
  }

  leave(): void {
    for (const client of this.#all) client.leave();
  }

  get #all(): (User | StockUser)[] {
    return [...this.users, ...this.#stockUsers];
  }
}

function waysOf(label: string, index: number, { schedule, network, clock, arrived }: PeopleOptions): Ways {
  const { ways: choices } = schedule.world;
  const resumes = !label.startsWith("stock");
  const ways = new Ways({ network: () => network, label, clock, resumes, arrived: (data) => arrived(label, data) });
  ways.take(choices[index % choices.length] ?? "websocket");
  return ways;
}
