import type { ActorRef } from "./actor-ref.js";
import { BadArgumentError, whatCame } from "./errors.js";

declare const held: unique symbol;

/**
 * A name that may be given to actors of the class `A`, or of any class that understands what `A` does.
 *
 * Plain text is such a name for every class; an {@link ActorName} only for those that keep its promise.
 */
export type NameFor<A> = string & { readonly [held]?: (holder: ActorRef<A>) => void };

/**
 * A name that says what its holder can be sent: `A` is a class, or an interface of some of its methods. Made with {@link actorName}.
 *
 * It is text at run time, and fits wherever a name does.
 */
export type ActorName<A> = string & { readonly [held]: (holder: ActorRef<A>) => void };

/**
 * Makes a name with a type. Make it once, and export it beside the protocol.
 *
 * The compiler then refuses it as the name of an actor that does not understand `A`, and `system.whereis` gives an `ActorRef<A>`. At run time
 * nobody checks: a name held by an actor that was given it as plain text promises nothing.
 *
 * ```ts
 * const till = actorName<TillProtocol>("till");
 * await system.start(Till, undefined, { name: till });
 * system.whereis(till)?.cast.book(3);
 * ```
 *
 * @throws {BadArgumentError} for empty text
 */
export function actorName<A>(name: string): ActorName<A> {
  if (typeof name === "string" && name !== "") return withType(name);
  throw new BadArgumentError(
    `Expected an actor's name to be a string of at least one character, got ${whatCame(name)}`,
  );
}

// The type of a holder leaves no trace in the text, so it can only be stated, here and once.
function withType<A>(name: string): ActorName<A> {
  return name as ActorName<A>;
}
