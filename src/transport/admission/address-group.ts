import { isIPv4, isIPv6 } from "node:net";

/** Stands for every address that cannot be known. */
const UNKNOWN_ADDRESS = "unknown";

/**
 * The group by which an address is counted: an IPv4 address is a group of its own, an IPv6 address belongs to its /64.
 *
 * A /64 is what one customer of a provider gets at least, so its 2^64 addresses are one client. An IPv4 address in the form of IPv6
 * (`::ffff:192.0.2.1`) is that IPv4 address; a zone (`%eth0`) counts for nothing. What is no address is `unknown`.
 */
export function addressGroup(address: string): string {
  if (isIPv4(address)) return address;
  const zone = address.indexOf("%");
  const plain = zone === -1 ? address : address.slice(0, zone);
  if (!isIPv6(plain)) return UNKNOWN_ADDRESS;
  const words = wordsOf(plain);
  if (words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff) return dotted(words[6] ?? 0, words[7] ?? 0);
  const prefix = words.slice(0, 4).map((word) => word.toString(16));
  return `${prefix.join(":")}::/64`;
}

const WORDS = 8;

/** The eight words of an address that is known to be one of IPv6. */
function wordsOf(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const left = wordsIn(head);
  if (tail === undefined) return left;
  const right = wordsIn(tail);
  return [...left, ...new Array<number>(Math.max(0, WORDS - left.length - right.length)).fill(0), ...right];
}

function wordsIn(part: string): number[] {
  if (part === "") return [];
  return part.split(":").flatMap((word) => {
    if (!word.includes(".")) return [Number.parseInt(word, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = word.split(".").map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}
