import type { Callback } from "./listeners.js";

/** One presence under a key: who is there, once per tab or device, with whatever else the server has put beside it. */
export interface PresenceEntry<Meta extends object = object> {
  readonly metas: readonly (Meta & PresenceRef)[];
}

/** What every meta has beside what the app gave: the id by which it is known, and that of the one it replaced. */
export interface PresenceRef {
  readonly phx_ref: string;
  readonly phx_ref_prev?: string;
}

/** Who is there, by key. */
export type PresenceState<Meta extends object = object> = Readonly<Record<string, PresenceEntry<Meta>>>;

/** What has changed: an update is a leave of the old and a join of the new. */
export interface PresenceDiff<Meta extends object = object> {
  readonly joins: PresenceState<Meta>;
  readonly leaves: PresenceState<Meta>;
}

/** Hears of one key: what was there (for a leave: what is left there), and what has come or gone. */
export type PresenceListener<Meta extends object = object> = (
  key: string,
  current: PresenceEntry<Meta> | undefined,
  changed: PresenceEntry<Meta>,
) => void;

/** What {@link Presence} needs of a channel. */
export interface PresenceSource {
  readonly joinRef: string | null;
  on(event: string, callback: Callback): number;
}

/**
 * Keeps who is present on a channel, as the Presence of phoenix.js does: from `presence_state` after the join and `presence_diff`
 * from then on. Diffs that come before the state of the present join are kept and applied to it.
 *
 * A resumed session goes on where it was; a new join takes over the new state, and tells only what differs.
 *
 * @example
 * const presence = new Presence<{ name: string }>(room);
 * presence.onSync(() => show(presence.list((key, { metas }) => `${key}: ${metas.length}`)));
 */
export class Presence<Meta extends object = object> {
  readonly #entries = new Map<string, PresenceEntry<Meta>>();
  #joined: PresenceListener<Meta> | undefined;
  #left: PresenceListener<Meta> | undefined;
  #synced: (() => void) | undefined;

  /** Listens to the channel's two events. */
  constructor(channel: PresenceSource) {
    const entries = this.#entries;
    let joinRef: string | null | undefined;
    let pending: PresenceDiff<Meta>[] = [];
    const sync = (diffs: readonly PresenceDiff<Meta>[]): void => {
      for (const { joins, leaves } of diffs) this.#apply(Object.entries(joins), Object.entries(leaves));
      this.#synced?.();
    };
    channel.on("presence_state", (state: PresenceState<Meta>) => {
      const after = Object.entries(state);
      const diffs = pending;
      joinRef = channel.joinRef;
      pending = [];
      this.#apply(differing(after, entries), differing([...entries], new Map(after)));
      sync(diffs);
    });
    channel.on("presence_diff", (diff: PresenceDiff<Meta>) => {
      if (joinRef === channel.joinRef) sync([diff]);
      else pending.push(diff);
    });
  }

  /** Who is there now, as the server's `presence_state` has it. */
  get state(): PresenceState<Meta> {
    return Object.fromEntries(this.#entries);
  }

  /** Calls back for each key that has come, or that has one more; in place of the callback before. */
  onJoin(callback: PresenceListener<Meta>): void {
    this.#joined = callback;
  }

  /** Calls back for each key that has gone, or that has one less; in place of the callback before. */
  onLeave(callback: PresenceListener<Meta>): void {
    this.#left = callback;
  }

  /** Calls back after each change; in place of the callback before. */
  onSync(callback: () => void): void {
    this.#synced = callback;
  }

  /** Lists who is there, each as `by` makes it; default: the entries. */
  list(): PresenceEntry<Meta>[];
  list<T>(by: (key: string, entry: PresenceEntry<Meta>) => T): T[];
  list(by = (_key: string, entry: PresenceEntry<Meta>): unknown => entry): unknown[] {
    return Array.from(this.#entries, ([key, entry]) => by(key, entry));
  }

  #apply(joins: Entries<Meta>, leaves: Entries<Meta>): void {
    const entries = this.#entries;
    for (const [key, entry] of joins) {
      const current = entries.get(key);
      entries.set(key, { ...entry, metas: [...without(current, entry), ...entry.metas] });
      this.#joined?.(key, current, entry);
    }
    for (const [key, entry] of leaves) {
      const current = entries.get(key);
      if (!current) continue;
      const metas = without(current, entry);
      if (metas.length) entries.set(key, { ...current, metas });
      else entries.delete(key);
      this.#left?.(key, { ...current, metas }, entry);
    }
  }
}

type Entries<Meta extends object> = readonly (readonly [key: string, entry: PresenceEntry<Meta>])[];

/** What of these the others have not. */
function differing<Meta extends object>(
  entries: Entries<Meta>,
  others: ReadonlyMap<string, PresenceEntry<Meta>>,
): Entries<Meta> {
  return entries
    .map(([key, entry]) => [key, { ...entry, metas: without(entry, others.get(key)) }] as const)
    .filter(([key, { metas }]) => metas.length || !others.has(key));
}

function without<Meta extends object>(
  entry: PresenceEntry<Meta> | undefined,
  gone: PresenceEntry<Meta> | undefined,
): readonly (Meta & PresenceRef)[] {
  const refs = gone?.metas.map((meta) => meta.phx_ref);
  return entry?.metas.filter((meta) => !refs?.includes(meta.phx_ref)) ?? [];
}
