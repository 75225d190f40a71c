/**
 * The peer of the connection rows: a bare `ws` server without sessions, channels or JSON.
 *
 * It is set up as a careful user of `ws` would do it: no compression, no client tracking, the upgrade request not kept.
 * It echoes each frame as it came and broadcasts one prepared frame to all.
 */
import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { answerTo, memory } from "./control.mjs";

/** @type {Set<import("ws").WebSocket>} */
const sockets = new Set();

/**
 * @this {import("ws").WebSocket}
 * @param {import("ws").RawData} data
 * @param {boolean} binary
 */
function onMessage(data, binary) {
  this.send(data, { binary });
}

/** @this {import("ws").WebSocket} */
function onClose() {
  sockets.delete(this);
}

/** @param {Error} error */
function onError(error) {
  process.stderr.write(`server-ws: ${error.message}\n`);
}

const http = createServer((_request, response) => response.writeHead(404).end());
const wss = new WebSocketServer({
  server: http,
  perMessageDeflate: false,
  clientTracking: false,
  maxPayload: 64 * 1024,
});
wss.on("connection", (socket) => {
  sockets.add(socket);
  socket.on("message", onMessage);
  socket.on("close", onClose);
  socket.on("error", onError);
});

http.listen({ host: "127.0.0.1", port: Number(process.env["PORT"] ?? 0), backlog: 4_096 }, () => {
  const address = http.address();
  answerTo({
    port: typeof address === "object" && address !== null ? address.port : 0,
    count: () => sockets.size,
    memory,
    broadcast(bytes) {
      // A Buffer, not a string: ws would encode a string anew for each socket.
      const text = Buffer.from("x".repeat(bytes));
      for (const socket of sockets) socket.send(text, { binary: false });
    },
    stop() {
      for (const socket of sockets) socket.terminate();
      http.close();
    },
  });
});
