/** Why an actor could not be tracked, or its meta not be changed. */
export type PresenceRefusal =
  /** It is tracked under this key of this topic already: update it. */
  | "already_tracked"
  /** It is not tracked under this key of this topic. */
  | "not_tracked"
  /** There are as many under this key as may be. */
  | "too_many_metas"
  /** The meta is larger than `maxMetaBytes`. */
  | "meta_too_large"
  /** There are as many on this node as may be. */
  | "full"
  /** The actor has ended. */
  | "noproc";

/** How a track or an update ended; with the ref that clients know the meta by. */
export type TrackResult =
  | { readonly ok: true; readonly ref: string }
  | { readonly ok: false; readonly reason: PresenceRefusal };
