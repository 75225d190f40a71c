import type { AnyRef } from "../../src/index.js";
import type { LoginObstacle } from "./router-table.js";

/** How a login ended. With `replaced` another actor was logged out for it. */
export type LoginResult =
  | { readonly ok: true; readonly replaced?: AnyRef }
  /** `too_many_actors` under this id, `too_many_ids` of this actor, `full` of ids, or `noproc`: the actor has ended. */
  | { readonly ok: false; readonly reason: LoginObstacle | "noproc" };

/** What an actor is sent that was logged out because a newer one took its place under an id. */
export interface ReplacedMessage {
  /** The router's name. */
  readonly router: string;
  readonly event: "replaced";
  readonly id: string;
}

/** What a router counts; all since its start but the first two, which are now. */
export interface RouterCounts {
  /** Ids under which somebody is logged in. */
  readonly ids: number;
  /** Actors that are logged in. */
  readonly actors: number;
  readonly logins: number;
  readonly refusedLogins: number;
  /** Logins that cost another actor its place. */
  readonly replaced: number;
  /** Messages that went to an actor; one for each actor. */
  readonly delivered: number;
  /** Messages for which nobody was there. */
  readonly sentToNobody: number;
}

/** Whom a message shall not reach. */
export interface RouterSendOptions {
  /** Not this one: for a device that tells the person's others. */
  readonly except?: AnyRef;
}
