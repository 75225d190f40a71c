import { type AuthenticatedUser, type Credentials, Endpoint, Presence, Router } from "holdfast/actors";
import { child, Supervisor } from "holdfast/supervisors";
import { MOST_DEVICES, PeopleChannel } from "./people-channel.js";
import { readText } from "./wire.js";

/** Where to listen. */
export interface PeopleStart {
  readonly port: number;
  readonly host: string;
}

/** The whole server: who has which devices, who is here, and the endpoint, last, so that nobody comes before there is both. */
export class People extends Supervisor<PeopleStart> {
  override init({ port, host }: PeopleStart) {
    const socket = { channels: { people: PeopleChannel }, authenticate };
    return {
      children: [
        child(Router, { id: "router", args: { actorsPerId: MOST_DEVICES, whenFull: "replace_oldest" } }),
        child(Presence, { id: "presence" }),
        child(Endpoint, { id: "endpoint", args: { port, host, socket } }),
      ],
    } as const;
  }
}

/** Takes people at their word: whoever says a name has it. A real server checks `token` here. */
function authenticate({ params }: Credentials): AuthenticatedUser | undefined {
  const user = readText(params, "name");
  return user === undefined ? undefined : { user };
}
