// oxlint-disable no-restricted-globals -- the one file of this room that knows the process: a whole program runs in one.

/** A signal that asks a program to stop. */
export type StopSignal = "SIGINT" | "SIGTERM";

/** What `runApplication` needs of the process it runs in; another one can be given, for tests. */
export interface HostProcess {
  /** Calls `listener` for each signal that asks to stop. Returns a function that takes the listener off. */
  onStopSignal(listener: (signal: StopSignal) => void): () => void;
  /** Sets the code with which the process ends when nothing is left to do. */
  setExitCode(code: number): void;
  /** Ends the process now. */
  exit(code: number): void;
}

/** The process of Node. */
export const nodeProcess: HostProcess = {
  onStopSignal(listener) {
    process.on("SIGINT", listener);
    process.on("SIGTERM", listener);
    return () => {
      process.off("SIGINT", listener);
      process.off("SIGTERM", listener);
    };
  },
  setExitCode(code) {
    process.exitCode = code;
  },
  exit(code) {
    // oxlint-disable-next-line unicorn/no-process-exit -- asked for by a second signal, or after a deadline: nothing else may hold it up
    process.exit(code);
  },
};
