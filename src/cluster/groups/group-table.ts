/**
 * Who is in which group, for the members of one node: a member may join a group several times, and leaves it as often.
 *
 * Pure: it knows neither actors nor nodes, and `Member` is whatever identifies one.
 */
export class GroupTable<Member> {
  readonly #groups = new Map<string, Map<Member, number>>();
  readonly #joined = new Map<Member, Set<string>>();

  /** Adds one join. True for the first of this member in this group. */
  join(group: string, member: Member): boolean {
    const members = this.#groups.get(group) ?? new Map<Member, number>();
    const times = members.get(member) ?? 0;
    members.set(member, times + 1);
    this.#groups.set(group, members);
    const joined = this.#joined.get(member) ?? new Set();
    this.#joined.set(member, joined.add(group));
    return times === 0;
  }

  /** Takes one join back: `none` there was, `fewer` are left, or it was the `last`. */
  leave(group: string, member: Member): "none" | "fewer" | "last" {
    const members = this.#groups.get(group);
    const times = members?.get(member);
    if (members === undefined || times === undefined) return "none";
    if (times > 1) {
      members.set(member, times - 1);
      return "fewer";
    }
    this.#remove(group, members, member);
    return "last";
  }

  /** Takes a member out of all its groups, and gives their names. Costs as much as it had joined. */
  leaveAll(member: Member): readonly string[] {
    const joined = [...(this.#joined.get(member) ?? [])];
    for (const group of joined) {
      const members = this.#groups.get(group);
      if (members !== undefined) this.#remove(group, members, member);
    }
    return joined;
  }

  /** The members of a group, each once, in the order in which they joined first. */
  members(group: string): Iterable<Member> {
    return this.#groups.get(group)?.keys() ?? [];
  }

  /** How often a member is in a group. */
  times(group: string, member: Member): number {
    return this.#groups.get(group)?.get(member) ?? 0;
  }

  has(group: string): boolean {
    return this.#groups.has(group);
  }

  /** The names of the groups that have members. */
  get names(): Iterable<string> {
    return this.#groups.keys();
  }

  /** All joins: group, member and how often. */
  *entries(): Generator<readonly [group: string, member: Member, times: number]> {
    for (const [group, members] of this.#groups) for (const [member, times] of members) yield [group, member, times];
  }

  #remove(group: string, members: Map<Member, number>, member: Member): void {
    members.delete(member);
    if (members.size === 0) this.#groups.delete(group);
    const joined = this.#joined.get(member);
    joined?.delete(group);
    if (joined?.size === 0) this.#joined.delete(member);
  }
}
