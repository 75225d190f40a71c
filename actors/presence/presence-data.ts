/** One life of a node: a node that is started again is a new replica, with a higher incarnation. */
export interface ReplicaId {
  readonly name: string;
  readonly incarnation: number;
}

/** Which changes of a replica are known: all up to `clock`, and those in `cloud`, which are above it. */
export interface ReplicaContext extends ReplicaId {
  readonly clock: number;
  readonly cloud: readonly number[];
}

/** What one state tells another of a replica: it is gone for good, or what it holds as far as known. */
export type ReplicaData<Value> =
  | (ReplicaId & { readonly gone: true })
  | (ReplicaContext & {
      readonly gone: false;
      /** The changes up to this one are not spoken of, but for those in `cloud`; 0 in data that is whole. */
      readonly after: number;
      /** What is there, by the change that put it there. A change that is spoken of and not in here took something out, or was undone. */
      readonly entries: readonly (readonly [change: number, value: Value])[];
    });

/** What one state tells another; plain data, to be sent as JSON. Whole, or no more than the latest changes: both are merged in the same way. */
export type PresenceData<Value> = readonly ReplicaData<Value>[];

/** What has become visible and what is not visible any more. The values are the very objects that came in. */
export interface PresenceChanges<Value> {
  readonly joins: Value[];
  readonly leaves: Value[];
  /** Whether others hold this replica for gone: it must go on under a new incarnation to be seen again. */
  outcast: boolean;
}
