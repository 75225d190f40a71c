const STOP_SIGNALS: readonly unknown[] = ["SIGINT", "SIGTERM"];

/**
 * Holds the signals back that ask a process to stop, for as long as it runs.
 *
 * Ctrl-C reaches every process of a terminal. A core stops when its host says so, which stops all of them in order; the application's own
 * listeners hear a SIGTERM then ({@link orderStop}), so that a program need not know whether it runs in a core. A signal that comes behind the order
 * is that same Ctrl-C, or one that the host answers, whose end is the core's.
 */
export function holdSignals(): void {
  // oxlint-disable-next-line typescript/unbound-method -- called on the process again, below
  const emit: (...args: never[]) => boolean = process.emit;
  const held = (name: unknown, ...rest: readonly unknown[]): unknown =>
    STOP_SIGNALS.includes(name) && !isOrdering ? true : Reflect.apply(emit, process, [name, ...rest]);
  // Before the first listener: Node binds the method then.
  Object.defineProperty(process, "emit", { value: held, configurable: true, writable: true });
  // With a listener the signal does not end the process.
  process.on("SIGINT", ignore);
  process.on("SIGTERM", ignore);
}

let isOrdering = false;
let wasOrdered = false;

/** Lets the application's own listeners hear that the process is to stop; once. */
export function orderStop(): void {
  if (wasOrdered) return;
  wasOrdered = true;
  isOrdering = true;
  try {
    process.emit("SIGTERM", "SIGTERM");
  } finally {
    isOrdering = false;
  }
}

function ignore(): void {
  // The host decides.
}
