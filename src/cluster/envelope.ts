/**
 * What one envelope of a frame is. An envelope has no length: a receiver that knows all kinds of its version needs none, and a frame of another
 * version is read by that version's rules.
 */
export const Envelope = {
  /** A message for `handleInfo`: target, value. */
  send: 1,
  /** A cast: target, number of the message, arguments. */
  cast: 2,
  /** A call: number of the call, target, caller or nothing, time-out, number of the message, arguments. */
  call: 3,
  /** The reply to a call: number of the call, value. */
  reply: 4,
  /** A call that failed: number of the call, code, reason. */
  failure: 5,
  /** An exit signal: sender or nothing, target, whether through a link, reason. */
  exit: 6,
  /** A link was made: sender, target. */
  link: 7,
  /** A link was removed: sender, target. */
  unlink: 8,
  /** Tell me when this actor ends: target. */
  monitor: 9,
  /** No need to tell any more: target. */
  unmonitor: 10,
  /** A monitored actor has ended: actor, reason. */
  down: 11,
  /** The sender has told its actors that this node could not be reached: all relations between the two nodes' actors that were made before are over. */
  severed: 12,
  /** Something for one of the services that are built on the port: its name, value. */
  service: 13,
} as const;
