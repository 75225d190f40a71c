import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Who waits for the end of a connection: one listener for all of them. */
const waiting = new WeakMap<Socket, Set<() => void>>();

/**
 * Calls `over` once, when a request has been answered or cannot be any more.
 *
 * The response's own `close` is not enough: one that waits behind another on its connection hears nothing when the connection breaks.
 */
export function whenOver(request: IncomingMessage, response: ServerResponse, over: () => void): void {
  const { socket } = request;
  const all = waiting.get(socket) ?? beginToWait(socket);
  const done = (): void => {
    if (!all.delete(done)) return;
    response.removeListener("close", done);
    over();
  };
  all.add(done);
  response.on("close", done);
  if (socket.destroyed) queueMicrotask(done);
}

function beginToWait(socket: Socket): Set<() => void> {
  const all = new Set<() => void>();
  waiting.set(socket, all);
  socket.once("close", () => {
    for (const done of all) done();
  });
  return all;
}
