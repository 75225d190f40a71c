/**
 * What may be declared of a channel: its events, for the compiler alone.
 *
 * All members may be left out; an event that is not declared in a member that is there is an error. They are the app's word for
 * what its server sends and takes: nothing checks them while the program runs.
 *
 * @example
 * interface RoomEvents {
 *   in: { said: { text: string; by: string } };
 *   out: { say: { text: string }; wave: object };
 *   replies: { say: { id: number } };
 * }
 * const room = socket.channel<RoomEvents>("room:1");
 * room.on("said", ({ text }) => console.log(text));
 * const { id } = await room.push("say", { text: "hello" }).reply;
 */
export interface ChannelEvents {
  /** The payloads of what the server sends, by event. */
  readonly in?: object;
  /** The payloads of what is pushed, by event. */
  readonly out?: object;
  /** The replies to what is pushed, by event. `phx_join` is that to the join. */
  readonly replies?: object;
}

/** The payloads of what the server sends, by event; any event with an unknown payload if nothing is declared. */
export type EventsIn<E> = E extends { readonly in: infer Declared extends object } ? Declared : Record<string, unknown>;

/** The payloads of what is pushed, by event; any event with any payload if nothing is declared. */
export type EventsOut<E> = E extends { readonly out: infer Declared extends object }
  ? Declared
  : Record<string, unknown>;

/** The reply to an event; unknown if it is not declared. */
export type ReplyTo<E, Event> = E extends { readonly replies: infer Declared extends object }
  ? Event extends keyof Declared
    ? Declared[Event]
    : unknown
  : unknown;

/** The names of events. */
export type EventName<Payloads> = keyof Payloads & string;

/** The payload and the options of a push: the payload may be left out where `{}` is one. */
export type PushArguments<Payload, Options> = object extends Payload
  ? [payload?: Payload, options?: Options]
  : [payload: Payload, options?: Options];
