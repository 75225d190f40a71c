import type { Row } from "./row.js";

/** Something else than an entry that an owner has in a registry, and that must end with it: a wait, a monitor, a lock. */
export interface Attachment {
  /** Called once when the owner has ended. By then it is off the owner's list. */
  ownerEnded(): void;
}

/**
 * One who has something in a registry: all of it in one list, so that its end costs what it had and no more.
 *
 * Kept by the table while it has anything.
 */
export class Holder<Owner> {
  readonly owner: Owner;
  /** Set when the owner has ended: its rows are being taken out, and nothing may be added. */
  ended = false;
  /** Stops the watch over its life. */
  endWatch: () => void = () => undefined;
  #first: Row<Owner> | null = null;
  #last: Row<Owner> | null = null;
  #attachments: Set<Attachment> | undefined;

  constructor(owner: Owner) {
    this.owner = owner;
  }

  /** Whether it has nothing. */
  get idle(): boolean {
    return this.#first === null && (this.#attachments === undefined || this.#attachments.size === 0);
  }

  /** The entry it has had longest. */
  get first(): Row<Owner> | null {
    return this.#first;
  }

  /** Its entries, the oldest first. Entries must not be taken out while this runs, other than the one at hand. */
  *rows(): Generator<Row<Owner>, void, undefined> {
    for (let row = this.#first; row !== null; ) {
      const { next } = row;
      yield row;
      row = next;
    }
  }

  add(row: Row<Owner>): void {
    row.previous = this.#last;
    row.next = null;
    if (this.#last === null) this.#first = row;
    else this.#last.next = row;
    this.#last = row;
  }

  /** Takes an entry out. It must be one of this owner's. */
  remove(row: Row<Owner>): void {
    const { previous, next } = row;
    if (previous === null) this.#first = next;
    else previous.next = next;
    if (next === null) this.#last = previous;
    else next.previous = previous;
    row.previous = null;
    row.next = null;
  }

  attach(attachment: Attachment): void {
    this.#attachments ??= new Set();
    this.#attachments.add(attachment);
  }

  detach(attachment: Attachment): void {
    this.#attachments?.delete(attachment);
  }

  /** How much it has besides entries. */
  get attached(): number {
    return this.#attachments?.size ?? 0;
  }

  /** Takes all off that is attached, and returns it. */
  takeAttachments(): readonly Attachment[] {
    const taken = [...(this.#attachments ?? [])];
    this.#attachments = undefined;
    return taken;
  }
}
