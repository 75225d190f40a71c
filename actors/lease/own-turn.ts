/**
 * What a lease manager sends itself: by timers, and for what comes from outside and is rare, such as a resource that was made, or broke, or a signal
 * that was aborted.
 */
export class OwnTurn {
  /** Called in a turn of the manager, when what is due by then has ended. */
  readonly run: (now: number) => void;

  constructor(run: (now: number) => void) {
    this.run = run;
  }
}
