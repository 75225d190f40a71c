import { HeldList } from "./held-list.js";
import type { Row } from "./row.js";

/** Something else than an entry that an owner has in a registry, and that must end with it: a wait, a monitor, a lock. */
export interface Attachment {
  /** Called once when the owner has ended. By then it is off the owner's list. */
  ownerEnded(): void;
}

/** Who is told when an owner has ended; by then it is off the table. */
export interface HolderListener<Owner> {
  holderEnded(holder: Holder<Owner>): void;
}

const NOTHING: readonly Attachment[] = [];

/** One who has something in a registry: its entries, and what hangs on it besides. Kept by the table while it has anything. */
export class Holder<Owner> extends HeldList<Row<Owner>> {
  readonly owner: Owner;
  /** Set when the owner has ended: its rows are being taken out, and nothing may be added. */
  hasEnded = false;
  readonly #listener: HolderListener<Owner>;
  #attachments: Set<Attachment> | undefined = undefined;

  constructor(owner: Owner, listener: HolderListener<Owner>) {
    super();
    this.owner = owner;
    this.#listener = listener;
  }

  override ownerEnded(): void {
    this.hasEnded = true;
    this.#listener.holderEnded(this);
  }

  /** Whether it has nothing. */
  get idle(): boolean {
    return this.first === null && (this.#attachments === undefined || this.#attachments.size === 0);
  }

  /** Its entries, the oldest first. Entries must not be taken out while this runs, other than the one at hand. */
  *rows(): Generator<Row<Owner>, void, undefined> {
    for (let row = this.first; row !== null; ) {
      const { next } = row;
      yield row;
      row = next;
    }
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
    if (this.#attachments === undefined) return NOTHING;
    const taken = [...this.#attachments];
    this.#attachments = undefined;
    return taken;
  }
}
