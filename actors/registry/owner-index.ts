/**
 * Where a table finds what it keeps for an owner: `Holdings` of the kernel, where owners are actors.
 *
 * A port, so that the rules of a table can be run without actors.
 */
export interface OwnerIndex<Owner, Kept> extends Iterable<Kept> {
  /** For how many owners something is kept. */
  readonly size: number;
  find(owner: Owner): Kept | undefined;
  /** Keeps something for an owner for whom nothing is kept yet. */
  add(owner: Owner, kept: Kept): void;
  /** Keeps it no longer; false when it did not. */
  delete(owner: Owner, kept: Kept): boolean;
}
