import type { ResourceFactory } from "holdfast/actors";
import type { Clock } from "holdfast";

/** A resource that a test can look at and break. */
export class Part {
  readonly id: number;
  closed = 0;
  good = true;
  clean = true;
  #broken: (() => void) | undefined;

  constructor(id: number) {
    this.id = id;
  }

  onBroken(broken: () => void): void {
    this.#broken = broken;
  }

  breakDown(): void {
    this.good = false;
    this.#broken?.();
  }
}

/** Makes parts, each operation as slow and as faulty as the test says. */
export class Workshop implements ResourceFactory<Part> {
  readonly parts: Part[] = [];
  /** How long each operation takes, in milliseconds; `Infinity` hangs. */
  createMs = 0;
  checkMs = 0;
  closeMs = 0;
  failing = false;
  attempts = 0;
  checks = 0;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Those that are not closed. */
  get open(): Part[] {
    return this.parts.filter(({ closed }) => closed === 0);
  }

  async create(): Promise<Part> {
    this.attempts++;
    await this.#take(this.createMs);
    if (this.failing) throw new Error("out of stock");
    const part = new Part(this.parts.length + 1);
    this.parts.push(part);
    return part;
  }

  async check(part: Part): Promise<boolean> {
    this.checks++;
    await this.#take(this.checkMs);
    return part.good;
  }

  async close(part: Part): Promise<void> {
    part.closed++;
    await this.#take(this.closeMs);
  }

  reusable(part: Part): boolean {
    return part.clean;
  }

  watch(part: Part, broken: () => void): void {
    part.onBroken(broken);
  }

  #take(ms: number): Promise<void> {
    if (ms === 0) return Promise.resolve();
    return new Promise((resolve) => {
      if (Number.isFinite(ms)) this.#clock.setTimer(ms, resolve);
    });
  }
}
