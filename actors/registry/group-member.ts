import type { GroupRow } from "./group-table.js";
import { type Held, HeldList } from "./held-list.js";

/** One membership: how often a member has joined a group. */
export class Membership<Group, Member> implements Held<Membership<Group, Member>> {
  readonly row: GroupRow<Group, Member>;
  /** Whose it is. */
  readonly list: GroupMember<Group, Member>;
  times = 1;
  previous: Membership<Group, Member> | null = null;
  next: Membership<Group, Member> | null = null;

  constructor(row: GroupRow<Group, Member>, list: GroupMember<Group, Member>) {
    this.row = row;
    this.list = list;
  }
}

/** Who is told when a member has ended; by then it is off the table, and still in its groups. */
export interface MemberListener<Group, Member> {
  memberEnded(member: GroupMember<Group, Member>): void;
}

/** One who is in groups, or watches them. Kept by the table while it has anything. */
export class GroupMember<Group, Member> extends HeldList<Membership<Group, Member>> {
  readonly owner: Member;
  /** How many monitors it has; who has made them knows which. */
  monitors = 0;
  readonly #listener: MemberListener<Group, Member>;

  constructor(owner: Member, listener: MemberListener<Group, Member>) {
    super();
    this.owner = owner;
    this.#listener = listener;
  }

  override ownerEnded(): void {
    this.#listener.memberEnded(this);
  }
}
