/**
 * Key of the method by which the runtime starts an actor; it calls `init`.
 *
 * For authors of behaviours: a behaviour overrides it to do its own part around the user's `init`. It returns what an `init` may return.
 */
export const startup: unique symbol = Symbol("holdfast.startup");

/**
 * Key of the method by which the runtime runs an actor's last words; it calls `terminate`. For authors of behaviours that have something to
 * put in order around the user's `terminate`.
 */
export const teardown: unique symbol = Symbol("holdfast.teardown");

/**
 * Key of the method that is called when an actor has ended, however it ended, a kill included. For authors of behaviours.
 *
 * Gives back what would outlive the actor: a socket, an entry in a table. Called once, synchronously, before links and monitors are told; it
 * must not throw and cannot use the actor's context any more.
 */
export const release: unique symbol = Symbol("holdfast.release");

/**
 * Key of the method that hands out the actor's state for `sys.getState`.
 *
 * Without an override it is a copy of the instance's own fields; `#private` ones cannot be seen from outside, so a class that has them and
 * wants to be looked into overrides this and {@link writeState}.
 */
export const readState: unique symbol = Symbol("holdfast.readState");

/** Key of the method that takes a new state from `sys.replaceState`; without an override the fields of the new state are assigned. */
export const writeState: unique symbol = Symbol("holdfast.writeState");

/**
 * Key of the method by which an object that is no actor says what crosses to another node in its stead: a plain object.
 *
 * Without it an instance of a class cannot be sent to an actor of another node. What arrives has none of the class's methods.
 */
export const asData: unique symbol = Symbol("holdfast.asData");

/**
 * Key of a static list: the methods of this class that are messages; all its others are not.
 *
 * For authors of behaviours, whose own methods must not become messages of the classes built on them.
 */
export const messages: unique symbol = Symbol("holdfast.messages");

/** Key of a static list: names that are hooks, never messages, also where a subclass defines them. For authors of behaviours. */
export const hooks: unique symbol = Symbol("holdfast.hooks");

/**
 * Key of a static member, `true` on classes whose actors take in the orphans among their descendants: actors that were not linked with the one
 * that started them, and live on when it ends. Else orphans belong to the system itself. For authors of behaviours.
 */
export const adoptsOrphans: unique symbol = Symbol("holdfast.adoptsOrphans");

/** Key of a phantom member whose type is the union of names that are hooks; see {@link hooks}. */
export declare const reservedNames: unique symbol;

/**
 * Key of a phantom member whose keys are names of overloaded methods of which the last signature, and no other, is the form of the message.
 *
 * Without it a method with overloads is no message. For authors of behaviours whose classes call such a method with more precise types than
 * those that others send it with: `declare readonly [lastSignatures]?: { readonly event: true }`.
 */
export declare const lastSignatures: unique symbol;
