/** What a channel actor can be sent by its session. */
export interface ChannelMessages {
  /** A client's push. */
  incoming(event: string, payload: unknown, ref: string | null): void | Promise<void>;
}
