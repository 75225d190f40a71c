import { Actor } from "holdfast";
import { LeaseManager } from "holdfast/actors";
import { child, Supervisor } from "holdfast/supervisors";
import { toPigLatin } from "./pig-latin.js";
import type { Translation } from "./wire.js";

/** The name of the lease manager that lends translators, by their names. */
export const TRANSLATORS = "translators";
/** How long a message waits for a translator. The client waits for its reply a little longer. */
export const LONGEST_WAIT_MS = 6_000;

const NAMES = ["translator-1", "translator-2", "translator-3"] as const;
const FASTEST_MS = 300;
const SLOWEST_MS = 800;
const LEASE_MS = 5_000;
const MOST_WAITING = 50;

/** Translates one text at a time, into pig latin, and needs as long for it as a real service would. */
export class Translator extends Actor<string> {
  #name = "";

  override init(name: string): void {
    this.#name = name;
  }

  /** Translates a text, in 300 to 800 ms. */
  async translate(text: string): Promise<Translation> {
    const { clock, random } = this.system;
    const tookMs = Math.round(FASTEST_MS + random.next() * (SLOWEST_MS - FASTEST_MS));
    await new Promise<void>((resolve) => {
      clock.setTimer(tookMs, resolve);
    });
    return { text: toPigLatin(text), by: this.#name, tookMs };
  }
}

/**
 * Three translators, and the lease manager that lends each of them to one message at a time.
 *
 * They are lent by name, so a translator that was restarted is the same one. When the manager crashes it lends all of them anew.
 */
export class Translators extends Supervisor {
  override init() {
    const translators = NAMES.map((name) => child(Translator, { id: name, name, args: name }));
    const args = { resources: NAMES, leaseMs: LEASE_MS, timeoutMs: LONGEST_WAIT_MS, maxWaiting: MOST_WAITING };
    const manager = child(LeaseManager<string>, { id: "lease-manager", name: TRANSLATORS, args });
    return { strategy: "one_for_one", children: [...translators, manager] } as const;
  }
}
