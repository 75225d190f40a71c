import type { SocketOwner, TransportSocket } from "../../src/transport/transport-socket.js";
import type { UpgradeRequest } from "../../src/transport/upgrade-request.js";
import type { Ticket } from "../endpoint/admission.js";

/** The argument of a connection actor's `init`: the socket it owns from now on, and what the client asked. */
export interface Accepted {
  readonly socket: TransportSocket;
  readonly request: UpgradeRequest;
  /** What the connection holds of the room of its endpoint; it gives it back when it ends. */
  readonly ticket?: Ticket;
}

/**
 * Owns a socket between its acceptance and the start of its actor.
 *
 * The socket is paused meanwhile, so nothing but its end can come, and the actor looks for that when it starts.
 */
export const waitingOwner: SocketOwner = {
  onText: () => undefined,
  onBinary: () => undefined,
  onClose: () => undefined,
  onDrain: () => undefined,
};
