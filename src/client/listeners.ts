/** Takes an error that an app's callback threw. */
export type ErrorReporter = (error: unknown) => void;

/**
 * A callback of the app for a value of the wire.
 *
 * Written as the type of a method, which lets a callback for a narrower type pass: what the wire brings has no type of its own, and
 * the one that the app declares is taken on trust.
 */
export type Callback = { call(value: unknown): void }["call"];

/** Tells the app: of a `message`, a `close`, a new `state`, an `open` socket, a `lost` session, a `gap` or an `error`. */
export type Emit = (kind: string, value: unknown) => void;

/** Rethrows an error outside every call, where the platform reports it: `window.onerror`, `uncaughtException`. */
export const reportUncaught: ErrorReporter = (error) => {
  queueMicrotask(() => {
    throw error;
  });
};

// One count for all: `off` of a socket needs no more than the number.
let lastRef = 0;

/** Callbacks by kind, called in the order they were added. */
export interface Listeners {
  /** Adds a callback and gives the number that removes it. */
  add(kind: string, callback: Callback): number;
  /** Removes all that fit. */
  remove(fits: (ref: number, kind: string) => boolean): void;
  /** Calls everyone who listened when it began; an error in one does not keep the others from being called. */
  readonly emit: Emit;
}

/** Makes an empty list of callbacks. */
export function createListeners(report: ErrorReporter): Listeners {
  const all = new Map<number, readonly [kind: string, callback: Callback]>();
  return {
    add(kind, callback) {
      lastRef += 1;
      all.set(lastRef, [kind, callback]);
      return lastRef;
    },
    remove(fits) {
      for (const [ref, [kind]] of all) if (fits(ref, kind)) all.delete(ref);
    },
    emit(kind, value) {
      for (const [ref, [wanted, callback]] of [...all]) {
        if (wanted === kind && all.has(ref)) callSafely(() => callback(value), report);
      }
    },
  };
}

/** Calls an app's callback so that what it throws reaches `report` and not the code around the call. */
export function callSafely(call: () => void, report: ErrorReporter): void {
  try {
    call();
  } catch (error) {
    report(error);
  }
}
