import type { ActorSystem, ClockTimer } from "../../src/index.js";
import type { HostProcess, StopSignal } from "./host-process.js";
import { killAll } from "./remains.js";
import { lateReport } from "./reports.js";

/** With which code a process ends at the second signal: that of a process which the signal has ended. */
const SIGNAL_CODES: Readonly<Record<StopSignal, number>> = { SIGINT: 130, SIGTERM: 143 };
/** npm passes a Ctrl-C of the terminal on to its child, which has had it from the terminal already: both are one. */
const SAME_PRESS_MS = 300;
const KEEP_ALIVE_MS = 3_600_000;

/** What the stop of a program is made with. */
export interface ProgramStopOptions {
  readonly host: HostProcess;
  readonly deadlineMs: number;
  readonly onStopping: ((signal: StopSignal | undefined) => void) | undefined;
}

/** Makes the signals of a process stop a system in order, within a deadline, and keeps the process alive until then. */
export class ProgramStop {
  /** The signal that asked for the stop. */
  signal: StopSignal | undefined;
  /** Whether the deadline has passed. */
  late = false;
  readonly #system: ActorSystem;
  readonly #options: ProgramStopOptions;
  readonly #takeOff: () => void;
  #signalledAt = 0;
  #begun = false;
  #timer: ClockTimer;

  constructor(system: ActorSystem, options: ProgramStopOptions) {
    this.#system = system;
    this.#options = options;
    this.#takeOff = options.host.onStopSignal((signal) => this.#onSignal(signal));
    this.#timer = this.#keepAlive();
  }

  /** Called when the stop begins, whoever asked for it. */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    const { deadlineMs, onStopping } = this.#options;
    const { clock } = this.#system;
    if (deadlineMs !== Number.POSITIVE_INFINITY) {
      clock.clearTimer(this.#timer);
      this.#timer = clock.setTimer(deadlineMs, () => this.#giveUp());
    }
    onStopping?.(this.signal);
  }

  /** Lets go of the process. */
  close(): void {
    this.#takeOff();
    this.#system.clock.clearTimer(this.#timer);
  }

  #onSignal(signal: StopSignal): void {
    const now = this.#system.clock.now();
    if (this.signal === undefined) {
      this.signal = signal;
      this.#signalledAt = now;
      // Where the applications run in other processes, as below the host of several cores, nobody here says that it has begun.
      this.begin();
      // Does nothing when the stop has begun already; a second signal ends the process then, too.
      void this.#system.stop();
    } else if (now - this.#signalledAt > SAME_PRESS_MS) this.#options.host.exit(SIGNAL_CODES[signal]);
  }

  #giveUp(): void {
    this.late = true;
    this.#system.report(lateReport(this.#system.name, this.#options.deadlineMs));
    killAll(this.#system);
  }

  /** Node ends a process in which nothing is armed and nothing is open; one whose actors all wait for a signal is such a process. */
  #keepAlive(): ClockTimer {
    return this.#system.clock.setTimer(KEEP_ALIVE_MS, () => {
      this.#timer = this.#keepAlive();
    });
  }
}
