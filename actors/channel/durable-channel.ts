/** What a channel knows that may come back after a crash of the server: which push it handles, and how many broadcasts that has made. */
export class DurableChannel {
  /** Whether it has come back. */
  readonly isRestored: boolean;
  pushId: string | undefined = undefined;
  #broadcasts = 0;

  constructor(isRestored: boolean) {
    this.isRestored = isRestored;
  }

  /** A push begins to be handled; `undefined` when it is. */
  begin(pushId: string | undefined): void {
    this.pushId = pushId;
    this.#broadcasts = 0;
  }

  /** The id of the next broadcast that the push makes: the same when it is handled again, so that it is not made twice. */
  nextId(): string | undefined {
    return this.pushId === undefined ? undefined : `${this.pushId}/${++this.#broadcasts}`;
  }
}
