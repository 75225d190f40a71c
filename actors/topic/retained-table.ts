import { NameTree } from "./name-tree.js";
import { isPattern } from "./topic-name.js";

/** What is kept of a topic for those who come later. */
export interface Retainable {
  readonly bytes: number;
}

/** The bounds of what is retained. */
export interface RetainedLimits {
  /** Most topics with something retained. */
  readonly maxRetained: number;
  /** Most bytes of it all. */
  readonly retainedBytes: number;
}

/**
 * The last value of each topic that has one.
 *
 * When a bound is reached nothing is let go: what does not fit is refused, so that whoever publishes hears of it. Pure.
 */
export class RetainedTable<Value extends Retainable> {
  limits: RetainedLimits;
  readonly #byTopic = new Map<string, Value>();
  readonly #tree = new NameTree<Value>();
  #bytes = 0;

  constructor(limits: RetainedLimits) {
    this.limits = limits;
  }

  get size(): number {
    return this.#byTopic.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether there is room for a value of a topic, in place of the one that it has. */
  fits(topic: string, value: Value): boolean {
    const known = this.#byTopic.get(topic);
    const { maxRetained, retainedBytes } = this.limits;
    if (known === undefined && this.#byTopic.size >= maxRetained) return false;
    return this.#bytes - (known?.bytes ?? 0) + value.bytes <= retainedBytes;
  }

  set(topic: string, value: Value): void {
    this.#bytes += value.bytes - (this.#byTopic.get(topic)?.bytes ?? 0);
    this.#byTopic.set(topic, value);
    this.#tree.set(topic, value);
  }

  delete(topic: string): boolean {
    const known = this.#byTopic.get(topic);
    if (known === undefined) return false;
    this.#bytes -= known.bytes;
    this.#byTopic.delete(topic);
    this.#tree.delete(topic);
    return true;
  }

  get(topic: string): Value | undefined {
    return this.#byTopic.get(topic);
  }

  /** What is retained of a topic, or of all that a pattern matches. */
  find(topic: string): readonly Value[] {
    if (isPattern(topic)) return this.#tree.find(topic);
    const known = this.#byTopic.get(topic);
    return known === undefined ? [] : [known];
  }

  clear(): void {
    for (const topic of [...this.#byTopic.keys()]) this.delete(topic);
  }
}
