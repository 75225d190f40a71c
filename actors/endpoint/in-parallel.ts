/** Sessions or logs that are read, or sessions that are started, at a time. */
export const READ_AT_ONCE = 32;

/** Does work for all items, for a bounded number of them at a time. Throws what the work throws. */
export async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(READ_AT_ONCE, items.length) }, worker));
}
