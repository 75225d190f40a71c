import { describeKey } from "./record-key.js";

/** What an embedded store found damaged. */
export type DamageReport =
  | {
      /** One record cannot be read; it is left out from now on. */
      readonly kind: "record";
      /** What it was, printable. */
      readonly key: string;
      readonly message: string;
    }
  | {
      /** The file itself was damaged: what could be read of it is in a fresh one. */
      readonly kind: "file";
      readonly message: string;
      /** Where the damaged file is now. */
      readonly movedTo: string;
      /** Records that were good, and are kept. */
      readonly kept: number;
      /** What was wrong with it; the first few. */
      readonly problems: readonly string[];
    };

/** Hears of damage. */
export type DamageListener = (report: DamageReport) => void;

/** Keys remembered, so that each is reported once. */
const MAX_KEYS = 10_000;

/** Counts and reports what is damaged, each record once. */
export class DamageLog {
  readonly #listener: DamageListener;
  readonly #keys = new Set<string>();
  count = 0;

  /** Without a listener, reports become warnings of the process. */
  constructor(listener: DamageListener | undefined) {
    this.#listener = listener ?? warn;
  }

  /** Reports a record, unless it was reported before. */
  record(key: Uint8Array, what: string): void {
    const name = Buffer.from(key).toString("latin1");
    if (this.#keys.has(name)) return;
    if (this.#keys.size < MAX_KEYS) this.#keys.add(name);
    this.count++;
    const text = describeKey(key);
    this.#listener({ kind: "record", key: text, message: `The store's record ${text} ${what}` });
  }

  /** Reports a file. */
  file(path: string, movedTo: string, kept: number, problems: readonly string[]): void {
    const message = `The store ${path} was damaged (${problems.join("; ")}): ${kept} good records are kept, the damaged file is ${movedTo}`;
    this.#listener({ kind: "file", message, movedTo, kept, problems });
  }
}

function warn(report: DamageReport): void {
  process.emitWarning(report.message, { code: "HOLDFAST_STORE_DAMAGED" });
}
