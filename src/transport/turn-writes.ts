/** Something that has gathered output during this turn of the event loop. */
export interface TurnWriter {
  /** Writes what was gathered; called at the end of the turn. Must not throw: others wait behind it. */
  flush(): void;
}

let waiting: TurnWriter[] = [];
let armed = false;

/**
 * Has `writer` flushed at the end of this turn of the event loop.
 *
 * The end is one `setImmediate` for all writers: it runs after every I/O callback of this iteration and the microtasks behind them, so that
 * all they produced for one socket leaves together. A writer that joins twice is flushed twice; the second finds nothing.
 */
export function joinTurn(writer: TurnWriter): void {
  waiting.push(writer);
  if (armed) return;
  armed = true;
  setImmediate(flushTurn);
}

/**
 * Flushes every writer now instead of at the end of the turn.
 *
 * For a scheduler that runs actors in `setImmediate` itself: called when its run queue is empty it saves the replies one iteration of the
 * loop. What a flush causes to be sent joins the next turn.
 */
export function flushTurn(): void {
  const writers = waiting;
  waiting = [];
  armed = false;
  for (const writer of writers) writer.flush();
}
