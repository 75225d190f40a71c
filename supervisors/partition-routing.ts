/** What a partition is chosen by: a whole number by its remainder, anything else by its hash. */
export type PartitionKey = number | bigint | string;

/**
 * The partition of a key among `count`, from 0: always the same one while the count is the same.
 *
 * Whole numbers go round, so that successive ones are spread evenly; the sign does not count.
 */
export function partitionOfKey(key: PartitionKey, count: number): number {
  if (typeof key === "bigint") return Number((key < 0n ? -key : key) % BigInt(count));
  if (typeof key === "number" && Number.isSafeInteger(key)) return Math.abs(key) % count;
  return hashOf(String(key)) % count;
}

const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

/** FNV-1a over UTF-16 units, with a last mixing step: its lowest bits alone are too regular for a remainder. */
function hashOf(text: string): number {
  let hash = OFFSET;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), PRIME);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
