import type { Socket } from "node:net";
import type { ActorSystem } from "../kernel/system.js";

/** What somebody wants to listen on, together with whoever asks for the same in other processes. */
export interface SharedPlace {
  /** Who listens: the name of an endpoint, the same in every process. */
  readonly name: string;
  readonly port: number;
  readonly host: string | undefined;
}

/** A port that is shared. */
export interface SharedOpen {
  readonly port: number;
  /** Where this process alone can be reached by the others of its machine: a path for a Unix socket, not taken yet. */
  readonly path: string;
  /** What the others call this process: letters, digits, `-` and `_`. */
  readonly name: string;
  /** Where the process of a name can be reached; `undefined` when there is none that listens for the same. */
  pathOf(name: string): string | undefined;
  /** No more connections for this process. */
  close(): void;
}

/** Listens on behalf of a process that shares its ports with others, and gives it its part of the connections. */
export interface SharedPorts {
  /** Rejects with the error of the system, as `net.Server` emits it. */
  open(place: SharedPlace, take: (socket: Socket) => void): Promise<SharedOpen>;
}

const known = new WeakMap<ActorSystem, SharedPorts>();

/** Notes that the ports of a system are shared with other processes. */
export function noteSharedPorts(system: ActorSystem, ports: SharedPorts): void {
  known.set(system, ports);
}

/** Through what a system listens; `undefined` when it does so itself. */
export function sharedPortsOf(system: ActorSystem): SharedPorts | undefined {
  return known.get(system);
}
