/** In the run queue, or running its turn now. */
export const QUEUED = 1;
/** An async handler has not settled: no other message is handled meanwhile. */
export const BUSY = 2;
/** Suspended: only system signals are handled. */
export const SUSPENDED = 4;
/** `init` has not finished. */
export const STARTING = 8;
/** `terminate` is running. */
export const STOPPING = 16;
/** Ended; everything sent to it is a dead letter. */
export const DEAD = 32;
/** Exit signals arrive as messages. */
export const TRAPPING = 64;
/** Linked to its parent. */
export const LINKED_TO_PARENT = 128;
/** The actor asked to stop; done when the current handler has finished. */
export const STOP_REQUESTED = 256;
/** `handleContinue` must run before the next message. */
export const CONTINUING = 512;

/** System signals wait. */
export const SIGNALLED = 1024;

/** The handler asked for an idle time-out, which is armed when it is done. */
export const IDLING = 2048;
/** Statistics, a trace, a log or a debug function wants to know of each message. */
export const DEBUGGED = 4096;
/** Whoever starts it waits for its `init`. */
export const AWAITED = 8192;
/** Spawned without arguments, and its `init` has yet to run: the cell's own slot is free for the first message. */
export const UNBORN = 16_384;
/** Stands in for an actor of another node; see `remote.ts`. */
export const REMOTE = 32_768;
/** Holds something of which the cluster has only one: before each message it is asked whether that is still so. */
export const GUARDED = 65_536;

/** With none of these a message is put in the cell and the actor queued, without looking further. */
export const GATE = QUEUED | BUSY | SUSPENDED | STARTING | STOPPING | DEAD | REMOTE;
/** While one of these holds, no user message is handled. */
export const HELD = BUSY | SUSPENDED | STARTING | STOPPING | DEAD;
/** After a handler, one of these wants something before the next message. */
export const ATTENTION = BUSY | SUSPENDED | STOPPING | DEAD | STOP_REQUESTED | CONTINUING | IDLING | DEBUGGED;
/** Before a message, one of these wants something. */
export const BEFORE_MESSAGE = HELD | CONTINUING | DEBUGGED | GUARDED;
/** With none of these a message that came now would be handled next, and at once. */
export const OCCUPIED = GATE | CONTINUING | SIGNALLED | STOP_REQUESTED | DEBUGGED;
