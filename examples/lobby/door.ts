import { Actor, type ActorSystem } from "holdfast";
import { clusterOf } from "holdfast/cluster";

const DOOR = "lobby-door";

/** The part of the endpoint's listener that is used here. */
interface HasPort {
  port(): number;
}

/** Knows where the lobby is open, for whoever asks on any core, and on their host: they all have one port. */
export class Door extends Actor {
  override async init(): Promise<void> {
    // The first of the cores has the name; each of them would say the same.
    await clusterOf(this.system).names.register(DOOR, this.self());
  }

  /** The port. */
  async port(): Promise<number> {
    return (await this.system.whereis<HasPort>("endpoint.listener")?.call.port()) ?? 0;
  }
}

/** The port at which the lobby is open; `undefined` where it is not. */
export async function openPort(system: ActorSystem): Promise<number | undefined> {
  const door = await clusterOf(system).names.lookup<Door>(DOOR);
  return door?.ref.call.port();
}
