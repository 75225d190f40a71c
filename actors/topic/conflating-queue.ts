/**
 * What waits for one subscriber: of several with the same key only the latest, in the order of their arrival. Pure.
 *
 * What has no key stays as it is.
 */
export class ConflatingQueue<Item extends object> {
  readonly #items = new Map<string | Item, Item>();

  get length(): number {
    return this.#items.size;
  }

  add(item: Item, key: string | undefined): void {
    const id = key ?? item;
    // Out and in again: it is where the latest came, so that it is not before what came before it.
    this.#items.delete(id);
    this.#items.set(id, item);
  }

  /** All that waits, which does not wait any more. */
  takeAll(): Item[] {
    const items = [...this.#items.values()];
    this.#items.clear();
    return items;
  }
}
