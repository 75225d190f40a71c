/**
 * One life of one node.
 *
 * `name` stays the same when a process starts again, `incarnation` never does: it is made anew by each start. What was addressed to an earlier
 * incarnation never reaches a later one.
 */
export interface NodeIdentity {
  readonly name: string;
  readonly incarnation: string;
}

/** Whether two identities are the same life of the same node. */
export function isSameNode(one: NodeIdentity, other: NodeIdentity): boolean {
  return one.incarnation === other.incarnation && one.name === other.name;
}

/** An identity as text: a key for tables, and what logs show. */
export function nodeKey({ name, incarnation }: NodeIdentity): string {
  return `${name}/${incarnation}`;
}
