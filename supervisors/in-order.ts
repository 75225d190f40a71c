/**
 * Runs a step for each item, one after another, and waits for a step that returns a promise before it begins the next.
 *
 * A step that answers false ends it; the result says whether all went through. While no step is asynchronous there is no promise: actors most
 * often start and stop within one turn.
 */
export function inOrder<Item>(
  items: readonly Item[],
  step: (item: Item) => boolean | Promise<boolean>,
): boolean | Promise<boolean> {
  for (const [index, item] of items.entries()) {
    const outcome = step(item);
    if (outcome instanceof Promise) return goOn(items.slice(index + 1), step, outcome);
    if (!outcome) return false;
  }
  return true;
}

async function goOn<Item>(
  items: readonly Item[],
  step: (item: Item) => boolean | Promise<boolean>,
  running: Promise<boolean>,
): Promise<boolean> {
  if (!(await running)) return false;
  for (const item of items) {
    const outcome = step(item);
    if (outcome instanceof Promise ? !(await outcome) : !outcome) return false;
  }
  return true;
}

/** Uses a value now when it is here, or when its promise has resolved. */
export function whenDone<Value, Result>(
  value: Value | Promise<Value>,
  use: (value: Value) => Result | Promise<Result>,
): Result | Promise<Result> {
  return value instanceof Promise ? value.then(use) : use(value);
}
