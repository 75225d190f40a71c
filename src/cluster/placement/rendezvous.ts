/** A node among which owners are chosen. */
export interface Candidate {
  /** The node's name: the same in each of its lives, so a node that starts again gets back what was its own. */
  readonly name: string;
  /** Its share beside the others; 1 by default, above 0. */
  readonly weight?: number;
}

const TWO_TO_21 = 2_097_152;
const TWO_TO_53 = 9_007_199_254_740_992;

/**
 * How high a node ranks for a key, as a whole number from 0 to 2^53 - 1, by these two alone: rendezvous hashing.
 *
 * The numbers are the same in every release, and on every machine: two releases that run side by side choose the same owners.
 */
export function rankOf(key: string, node: string): number {
  return rank(digest(key), digest(node));
}

/**
 * The node to which a key belongs: that with the highest rank, or the highest weighted rank. `undefined` when there is none.
 *
 * Every node finds the same one without asking. When a node comes, only those keys move that it gets; when one goes, only those it had.
 */
export function ownerOf<Node extends Candidate>(key: string, nodes: Iterable<Node>): Node | undefined {
  const digestOfKey = digest(key);
  let owner: Node | undefined;
  let highest = Number.NEGATIVE_INFINITY;
  for (const node of nodes) {
    const score = weighted(rank(digestOfKey, digest(node.name)), node.weight ?? 1);
    // Two equal ranks are as good as impossible; then the name decides.
    if (owner !== undefined && (score < highest || (score === highest && node.name > owner.name))) continue;
    owner = node;
    highest = score;
  }
  return owner;
}

/** Rises with the rank (V8 brings its own logarithm, which is the same everywhere), and is the highest of all with a probability that is the node's share of the weights. */
function weighted(rankOfNode: number, weight: number): number {
  return weight / -Math.log((rankOfNode + 0.5) / TWO_TO_53);
}

interface Digest {
  readonly high: number;
  readonly low: number;
}

/** Both halves change with every bit of both digests. */
function rank(key: Digest, node: Digest): number {
  const first = mix(key.high + Math.imul(node.low, 0x9e3779b1));
  const low = mix(key.low ^ Math.imul(first + node.high, 0x85ebca77));
  const high = mix(first + Math.imul(low, 0xc2b2ae3d));
  return high * TWO_TO_21 + (low >>> 11);
}

function digest(text: string): Digest {
  let high = 0x2545f491 ^ text.length;
  let low = 0x6c078965;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    high = Math.imul(high ^ unit, 0x01000193);
    high ^= high >>> 13;
    low = Math.imul(low + unit, 0x27d4eb2f);
    low ^= low >>> 15;
  }
  return { high: mix(high ^ Math.imul(low, 0x165667b1)), low: mix(low + high) };
}

/** Mixes 32 bits so that each of them depends on all. */
function mix(bits: number): number {
  let mixed = bits ^ (bits >>> 16);
  mixed = Math.imul(mixed, 0x7feb352d);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
