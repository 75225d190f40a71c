import { GroupMember, type MemberListener, Membership } from "./group-member.js";
import type { KeyId } from "./key.js";
import type { OwnerIndex } from "./owner-index.js";

/** A group that has members. */
export interface GroupRow<Group, Member> {
  readonly id: KeyId;
  readonly group: Group;
  readonly memberships: Map<Member, Membership<Group, Member>>;
}

/**
 * Who is in which group, and how often: a member may join a group several times and leaves it as often.
 *
 * A group without members does not exist. Joining and leaving cost constant time; the end of a member costs what it has joined.
 */
export class GroupTable<Group, Member> {
  readonly #groups = new Map<KeyId, GroupRow<Group, Member>>();
  readonly #members: OwnerIndex<Member, GroupMember<Group, Member>>;
  readonly #listener: MemberListener<Group, Member>;

  constructor(members: OwnerIndex<Member, GroupMember<Group, Member>>, listener: MemberListener<Group, Member>) {
    this.#members = members;
    this.#listener = listener;
  }

  /** How many groups have members. */
  get size(): number {
    return this.#groups.size;
  }

  /** How many there are that are in groups or have monitors, each once. */
  get memberCount(): number {
    return this.#members.size;
  }

  /** All that are in groups or have monitors. */
  all(): Iterable<GroupMember<Group, Member>> {
    return this.#members;
  }

  /** All that a member has; `undefined` when that is nothing. */
  find(member: Member): GroupMember<Group, Member> | undefined {
    return this.#members.find(member);
  }

  /** The list of all that a member has, made now if it had nothing. Whoever adds nothing to it calls {@link GroupTable.dropIdle}. */
  memberOf(member: Member): GroupMember<Group, Member> {
    const known = this.#members.find(member);
    if (known !== undefined) return known;
    const made = new GroupMember(member, this.#listener);
    this.#members.add(member, made);
    return made;
  }

  /** Lets go of a member that has nothing. */
  dropIdle(member: GroupMember<Group, Member>): void {
    if (member.first === null && member.monitors === 0) this.#members.delete(member.owner, member);
  }

  /** Joins once. */
  join(id: KeyId, group: Group, member: Member): void {
    let row = this.#groups.get(id);
    if (row === undefined) {
      row = { id, group, memberships: new Map() };
      this.#groups.set(id, row);
    }
    const known = row.memberships.get(member);
    if (known !== undefined) {
      known.times++;
      return;
    }
    const list = this.memberOf(member);
    const membership = new Membership(row, list);
    row.memberships.set(member, membership);
    list.add(membership);
  }

  /** Undoes one join; false when it is no member. */
  leave(id: KeyId, member: Member): boolean {
    const membership = this.#groups.get(id)?.memberships.get(member);
    if (membership === undefined) return false;
    if (--membership.times > 0) return true;
    this.remove(membership);
    this.dropIdle(membership.list);
    return true;
  }

  /** Takes a membership out, whatever the number of its joins. */
  remove(membership: Membership<Group, Member>): void {
    const { row, list } = membership;
    list.remove(membership);
    row.memberships.delete(list.owner);
    if (row.memberships.size === 0) this.#groups.delete(row.id);
  }

  /** The members of a group, one entry per join, in the order in which they joined first. */
  members(id: KeyId): Member[] {
    const list: Member[] = [];
    for (const [member, { times }] of this.#groups.get(id)?.memberships ?? []) {
      for (let time = 0; time < times; time++) list.push(member);
    }
    return list;
  }

  /** Each group that has members. */
  *groups(): Generator<readonly [KeyId, Group], void, undefined> {
    for (const [id, { group }] of this.#groups) yield [id, group];
  }
}
