import type { IncomingMessage, ServerResponse } from "node:http";
import { type AuthenticatedUser, type Credentials, Endpoint } from "holdfast/actors";
import { child, DynamicSupervisor, Supervisor } from "holdfast/supervisors";
import type { Store, StoreFolder } from "holdfast/store";
import { Door } from "./door.js";
import { admissionOf, type VisitorLimits } from "./limits.js";
import { RoomChannel } from "./room-channel.js";
import { RoomKeeper } from "./room-keeper.js";
import type { RoomStore } from "./room-store.js";
import { MOST_ROOMS, ROOMS } from "./rooms.js";
import { Translators } from "./translators.js";
import { readName } from "./wire.js";

/** What the lobby is started with. */
export interface LobbyStart {
  readonly port: number;
  readonly host: string;
  /** Answers requests for the page. */
  readonly page: (request: IncomingMessage, response: ServerResponse) => void;
  /** Where sessions are kept across restarts; in memory only without it. */
  readonly store: Store | StoreFolder | undefined;
  /** Where this core keeps what was said in rooms. */
  readonly rooms: RoomStore;
  readonly limits: VisitorLimits;
}

/**
 * The whole server: the translators, the rooms, and the endpoint through which people come. On several cores each has one.
 *
 * The endpoint starts after the others and stops before them: so nobody comes before there are rooms, and all is still there while clients are
 * told to come back.
 */
export class Lobby extends Supervisor<LobbyStart> {
  override init({ port, host, page, store, rooms, limits }: LobbyStart) {
    const socket = {
      channels: { "room:*": RoomChannel },
      authenticate,
      ...(store === undefined ? {} : { store }),
    };
    return {
      strategy: "one_for_one",
      // More than the default: visitors may crash rooms as they like, and the rooms' supervisor gives up at four in five seconds.
      intensity: 10,
      periodMs: 5_000,
      children: [
        child(Translators, { id: "translating" }),
        child(RoomKeeper, { id: "keeper", args: rooms }),
        child(DynamicSupervisor, { id: "rooms", name: ROOMS, args: { maxChildren: MOST_ROOMS } }),
        child(Endpoint, { id: "endpoint", args: { port, host, socket, routes: page, admission: admissionOf(limits) } }),
        child(Door, { id: "door" }),
      ],
    } as const;
  }
}

/** Takes people at their word: whoever says a name has it. A real server checks `token` here. */
function authenticate({ params }: Credentials): AuthenticatedUser | undefined {
  const user = readName(params["name"]);
  return user === undefined ? undefined : { user };
}
