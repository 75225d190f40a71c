import { type AuthenticatedUser, type Credentials, Endpoint, Registry } from "holdfast/actors";
import { child, DynamicSupervisor, Supervisor } from "holdfast/supervisors";
import { readName } from "./wire.js";
import { WORLDS } from "./world.js";
import { WorldChannel } from "./world-channel.js";
import { KEEPER, MOST_WORLDS } from "./worlds.js";

/** Where to listen. */
export interface GameStart {
  readonly port: number;
  readonly host: string;
}

/**
 * The whole server: the registry of worlds, the worlds, and the endpoint through which players come.
 *
 * The registry is first: worlds and channels have something in it from their start on. The endpoint is last, so that nobody comes before.
 */
export class Game extends Supervisor<GameStart> {
  override init({ port, host }: GameStart) {
    const socket = { channels: { "world:*": WorldChannel }, authenticate };
    return {
      strategy: "rest_for_one",
      children: [
        child(Registry, { id: WORLDS, args: { name: WORLDS } }),
        child(DynamicSupervisor, { id: KEEPER, name: KEEPER, args: { maxChildren: MOST_WORLDS } }),
        child(Endpoint, { id: "endpoint", args: { port, host, socket } }),
      ],
    } as const;
  }
}

/** Takes players at their word: whoever says a name has it. A real server checks `token` here. */
function authenticate({ params }: Credentials): AuthenticatedUser | undefined {
  const user = readName(params["name"]);
  return user === undefined ? undefined : { user };
}
