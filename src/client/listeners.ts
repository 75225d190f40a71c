/** Takes an error that an app's callback threw. */
export type ErrorReporter = (error: unknown) => void;

/** Calls an app's callback so that what it throws reaches `report` and not the code around the call. */
export function callSafely<T>(callback: (value: T) => void, value: T, report: ErrorReporter): void {
  try {
    callback(value);
  } catch (error) {
    report(error);
  }
}

/** Rethrows an error outside every call, where the platform reports it: `window.onerror`, `uncaughtException`. */
export const reportUncaught: ErrorReporter = (error) => {
  queueMicrotask(() => {
    throw error;
  });
};

/** Gives out numbers that name listeners; one source per socket or channel, so that `off` needs no more than the number. */
export class RefSource {
  #last = 0;

  next(): number {
    this.#last += 1;
    return this.#last;
  }
}

/** Callbacks of one kind, called in the order they were added. */
export class Listeners<T> {
  readonly #refs: RefSource;
  readonly #report: ErrorReporter;
  readonly #callbacks = new Map<number, (value: T) => void>();

  constructor(refs: RefSource, report: ErrorReporter) {
    this.#refs = refs;
    this.#report = report;
  }

  /** Whether nobody listens. */
  get empty(): boolean {
    return this.#callbacks.size === 0;
  }

  /** Adds a callback and gives the number that removes it. */
  add(callback: (value: T) => void): number {
    const ref = this.#refs.next();
    this.#callbacks.set(ref, callback);
    return ref;
  }

  /** Removes a callback; an unknown number changes nothing. */
  remove(ref: number): void {
    this.#callbacks.delete(ref);
  }

  /** Calls everyone who listened when it began; an error in one does not keep the others from being called. */
  emit(value: T): void {
    for (const [ref, callback] of Array.from(this.#callbacks)) {
      if (this.#callbacks.has(ref)) callSafely(callback, value, this.#report);
    }
  }
}
