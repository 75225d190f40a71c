import { onTestFinished } from "vitest";
import { createHttpServer } from "../../src/transport/http-server.js";
import type { HttpServerOptions } from "../../src/transport/http-options.js";
import type { TransportSocket } from "../../src/transport/transport-socket.js";
import type { UpgradeRequest } from "../../src/transport/upgrade-request.js";
import { RawClient } from "./raw-client.js";
import { RecordingOwner } from "./recording-owner.js";

/** A client that the server has accepted, seen from the server. */
export interface Accepted {
  readonly socket: TransportSocket;
  readonly request: UpgradeRequest;
  readonly owner: RecordingOwner;
}

/** A server on a free port of 127.0.0.1, closed with its clients at the end of the test. */
export interface Served {
  readonly port: number;
  readonly url: string;
  readonly errors: unknown[];
  close(): Promise<void>;
  /** The next accepted client. */
  accepted(): Promise<Accepted>;
  /** Connects a raw client to `/raw` and returns both ends. */
  connect(): Promise<{ client: RawClient } & Accepted>;
}

/** Serves a raw mount at `/raw` and a Phoenix mount at `/socket`, both of which accept everybody. */
export async function serve(options: Partial<HttpServerOptions> = {}): Promise<Served> {
  const arrived: Accepted[] = [];
  const all: TransportSocket[] = [];
  const clients: RawClient[] = [];
  const errors: unknown[] = [];
  let wake: () => void = () => undefined;
  const accept = (socket: TransportSocket, request: UpgradeRequest): void => {
    const owner = new RecordingOwner();
    socket.owner = owner;
    all.push(socket);
    arrived.push({ socket, request, owner });
    wake();
  };
  const listening = await createHttpServer({
    port: 0,
    host: "127.0.0.1",
    mounts: [
      { path: "/raw", protocol: "raw", accept },
      { path: "/socket", protocol: "phoenix", accept },
    ],
    onError: (error) => errors.push(error),
    ...options,
  }).listen();
  onTestFinished(async () => {
    for (const client of clients) client.destroy();
    for (const socket of all) socket.terminate();
    await listening.close();
  });
  const accepted = async (): Promise<Accepted> => {
    for (;;) {
      const next = arrived.shift();
      if (next !== undefined) return next;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return {
    port: listening.port,
    url: `ws://127.0.0.1:${listening.port}`,
    errors,
    close: () => listening.close(),
    accepted,
    connect: async () => {
      const client = await RawClient.upgraded(listening.port, "/raw");
      clients.push(client);
      return { client, ...(await accepted()) };
    },
  };
}
