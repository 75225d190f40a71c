type Method = (this: object, ...args: unknown[]) => unknown;

const lookups = ["get", "set", "has", "delete", "add"];
const walks = ["entries", "values", "keys", "forEach"];
const arrayWalks = [
  "splice",
  "indexOf",
  "includes",
  "filter",
  "map",
  "find",
  "findIndex",
  "slice",
  "sort",
  "shift",
  "unshift",
];

/**
 * Counts the work that a function does on maps, sets and lists: one for each lookup and change, and the length for each walk.
 *
 * A time would tell the same of the order of growth, but hides a factor of ten in caches and the collector, and more on a busy machine.
 */
export function countWork(run: () => void): number {
  let work = 0;
  const undo: (() => void)[] = [];
  const patch = (prototype: object, name: string | symbol, cost: (of: object) => number): void => {
    const original: unknown = Reflect.get(prototype, name);
    if (typeof original !== "function") return;
    const method = original as Method;
    const counted: Method = function (...args) {
      work += cost(this);
      return Reflect.apply(method, this, args);
    };
    const descriptor = Reflect.getOwnPropertyDescriptor(prototype, name);
    Object.defineProperty(prototype, name, { configurable: true, writable: true, value: counted });
    undo.push(() => {
      if (descriptor !== undefined) Object.defineProperty(prototype, name, descriptor);
    });
  };
  const sizeOf = (of: object): number => (of instanceof Map || of instanceof Set ? of.size : 0);
  const lengthOf = (of: object): number => (Array.isArray(of) ? of.length : 0);
  for (const prototype of [Map.prototype, Set.prototype]) {
    for (const name of lookups) patch(prototype, name, () => 1);
    for (const name of [...walks, Symbol.iterator]) patch(prototype, name, sizeOf);
  }
  for (const name of [...arrayWalks, Symbol.iterator]) patch(Array.prototype, name, lengthOf);
  try {
    run();
  } finally {
    for (const restore of undo.reverse()) restore();
  }
  return work;
}
