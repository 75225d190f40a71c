/** Which bounds a router table keeps. */
export interface RouterLimits {
  /** Most actors under one id. */
  readonly actorsPerId: number;
  /** Most ids of one actor. */
  readonly idsPerActor: number;
  /** Most ids in all. */
  readonly maxIds: number;
  /** What a login does where an id has its most actors. */
  readonly whenFull: "refuse" | "replace_oldest";
}

/** Which bound a login met. */
export type LoginObstacle = "too_many_actors" | "too_many_ids" | "full";

/** What a login may do: go ahead, at the expense of another actor where one is named; or not. */
export type LoginPlan<Owner> =
  | { readonly ok: true; readonly known: boolean; readonly replaces: Owner | undefined }
  | { readonly ok: false; readonly reason: LoginObstacle };

/**
 * Which actors are logged in under which ids, found from both sides.
 *
 * Pure: it knows no actors and no time, an owner is any value that a `Map` can find. A login and a logout cost constant time for each id.
 */
export class RouterTable<Owner> {
  readonly #owners = new Map<string, Set<Owner>>();
  readonly #ids = new Map<Owner, Set<string>>();

  /** Ids under which somebody is logged in. */
  get idCount(): number {
    return this.#owners.size;
  }

  /** Actors that are logged in. */
  get ownerCount(): number {
    return this.#ids.size;
  }

  /** Who is logged in under an id, in the order of the logins; `undefined` for nobody. */
  ownersOf(id: string): ReadonlySet<Owner> | undefined {
    return this.#owners.get(id);
  }

  /** Under which ids somebody is logged in, in the order of the logins; `undefined` for none. */
  idsOf(owner: Owner): ReadonlySet<string> | undefined {
    return this.#ids.get(owner);
  }

  /** Says what a login would do, and does nothing. */
  plan(id: string, owner: Owner, limits: RouterLimits): LoginPlan<Owner> {
    const owners = this.#owners.get(id);
    if (owners?.has(owner) === true) return { ok: true, known: true, replaces: undefined };
    if ((this.#ids.get(owner)?.size ?? 0) >= limits.idsPerActor) return { ok: false, reason: "too_many_ids" };
    if (owners === undefined && this.#owners.size >= limits.maxIds) return { ok: false, reason: "full" };
    if (owners === undefined || owners.size < limits.actorsPerId)
      return { ok: true, known: false, replaces: undefined };
    if (limits.whenFull === "refuse") return { ok: false, reason: "too_many_actors" };
    const [oldest] = owners;
    return { ok: true, known: false, replaces: oldest };
  }

  /** Puts an actor under an id, behind those that are there. */
  add(id: string, owner: Owner): void {
    setOf(this.#owners, id).add(owner);
    setOf(this.#ids, owner).add(id);
  }

  /** Takes an actor from an id; false when it was not there. */
  remove(id: string, owner: Owner): boolean {
    const owners = this.#owners.get(id);
    const ids = this.#ids.get(owner);
    if (owners === undefined || ids === undefined || !owners.delete(owner)) return false;
    ids.delete(id);
    if (owners.size === 0) this.#owners.delete(id);
    if (ids.size === 0) this.#ids.delete(owner);
    return true;
  }

  /** All actors that are logged in. */
  owners(): Iterable<Owner> {
    return this.#ids.keys();
  }
}

function setOf<Key, Value>(sets: Map<Key, Set<Value>>, key: Key): Set<Value> {
  const known = sets.get(key);
  if (known !== undefined) return known;
  const made = new Set<Value>();
  sets.set(key, made);
  return made;
}
