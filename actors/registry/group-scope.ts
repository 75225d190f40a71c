import {
  Actor,
  type ActorSystem,
  BadArgumentError,
  type ExitReason,
  messages,
  release,
  whatCame,
} from "../../src/index.js";
import { SystemTables } from "../system-tables.js";
import { GroupScopeCore } from "./group-scope-core.js";
import { RegistryError } from "./registry-error.js";

/** What a scope of groups is given at its start. */
export interface GroupScopeOptions {
  /** The name under which `groupsOf` finds it, unique in the system; `"pg"` by default. */
  readonly name?: string;
}

/** The name of a scope that is given none. */
export const DEFAULT_SCOPE = "pg";

const scopes = new SystemTables<GroupScopeCore>();

/**
 * Runs a scope of groups under a supervisor: OTP's `pg`. Used through `groupsOf`.
 *
 * ```ts
 * child(GroupScope, { id: "rooms", args: { name: "rooms" } });
 *
 * groupsOf(system, "rooms").join("lobby", this.self());
 * ```
 *
 * Scopes know nothing of each other. The actor gives the scope its place in the tree and its life; it handles no messages.
 *
 * What survives a crash of this actor: nothing. Memberships and monitors are lost, without a message; members join again, which they know to do
 * because they are linked with the scope, or monitor it, or are restarted with it.
 */
export class GroupScope extends Actor<GroupScopeOptions | undefined> {
  static readonly [messages] = [] as const;

  #core: GroupScopeCore | undefined;

  override init(options: GroupScopeOptions | undefined): void | { readonly stop: ExitReason } {
    const name = options?.name ?? DEFAULT_SCOPE;
    if (typeof name !== "string" || name === "") {
      throw new BadArgumentError(`Expected the name of a scope to be text, got ${whatCame(name)}`);
    }
    const running = scopes.find(this.system, name);
    if (running !== undefined) return { stop: { already_started: running.keeper } };
    this.#core = new GroupScopeCore(this.system, name, this.self());
    scopes.add(this.system, name, this.#core);
  }

  override [release](): void {
    const core = this.#core;
    if (core === undefined) return;
    scopes.forget(core.system, core.name, core);
    core.close();
    this.#core = undefined;
  }

  override formatStatus(): unknown {
    const core = this.#core;
    if (core === undefined) return undefined;
    const { name, table, monitors } = core;
    return { kind: "group-scope", name, groups: table.size, members: table.memberCount, monitors };
  }
}

/** Finds a scope that runs. @throws {RegistryError} `unknown_scope` */
export function findScope(system: ActorSystem, name: string): GroupScopeCore {
  const core = scopes.find(system, name);
  if (core !== undefined) return core;
  throw new RegistryError(
    "unknown_scope",
    `No scope ${JSON.stringify(name)} of groups runs in this system: start one with child(GroupScope, …)`,
  );
}
