import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../kernel/clock.js";
import type { ConnectRules } from "./http-connect.js";
import { OtherProcesses } from "./other-processes.js";
import type { BodyReader } from "./request-body.js";
import type { TransportSocket } from "./transport-socket.js";
import type { UpgradeRequest } from "./upgrade-request.js";

/** Something that answers the requests to one path. */
export interface HttpPlace {
  answer(request: IncomingMessage, response: ServerResponse): void;
}

/** Of a server that is alone with its port. */
export const NO_OTHERS = new OtherProcesses();

/** What the places of one mount that carry conversations over HTTP need of its server. */
export interface HttpPlaceOptions {
  readonly clock: Clock;
  readonly windowMs: number;
  readonly closeTimeoutMs: number;
  readonly payloadLimitBytes: number;
  readonly bodies: BodyReader;
  readonly rules: ConnectRules;
  readonly onError: (error: unknown) => void;
  /** The processes that have the conversations which are not here. */
  readonly others: OtherProcesses;
  /** Gives a connected client to its owner. */
  readonly accept: (socket: TransportSocket, request: UpgradeRequest) => void;
  /** Told of the end of each client that was accepted. */
  readonly onOver: (socket: TransportSocket) => void;
}
