/**
 * How the resources of a pool are made, checked and closed.
 *
 * Each operation may take its time: it runs as a task, and the lease manager serves others meanwhile. One that takes too long counts as failed; what a
 * late `create` still brings is closed.
 */
export interface ResourceFactory<Resource> {
  /** Makes a resource. `signal` is aborted when nobody wants it any more: its time is over, or the manager has ended. */
  create(signal: AbortSignal): Resource | Promise<Resource>;
  /** Lets go of a resource that will not be lent again, however it came to that; nothing by default. `signal` is aborted when it takes too long. */
  close?(resource: Resource, signal: AbortSignal): void | Promise<void>;
  /** Tells whether a resource is still good: one for which it is false, or throws, is closed. Without it all are. */
  check?(resource: Resource, signal: AbortSignal): boolean | Promise<boolean>;
  /** Tells, at once, whether a resource that comes back may be lent again: one left in the middle of something may not. Without it all may. */
  reusable?(resource: Resource): boolean;
  /** Is given what to call when the resource notices by itself that it is broken, at any time; once is enough. */
  watch?(resource: Resource, broken: (reason?: unknown) => void): void;
}
