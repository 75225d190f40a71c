/**
 * A bare `ws` server in a storm: it accepts, and that is all; a client whose path is `/7` also hears what goes to `room:7`, as long as it is
 * connected.
 */
import { WebSocketServer } from "ws";
import { answerStorm, Tally } from "./storm-control.mjs";

/** @type {Map<string, Set<import("ws").WebSocket>>} */
const rooms = new Map();

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: Number(process.env["PORT"] ?? 0),
  backlog: 4_096,
  clientTracking: false,
  perMessageDeflate: false,
});
server.on("connection", (socket, { url = "/" }) => {
  if (url === "/") return;
  const name = `room:${url.slice(1)}`;
  const room = rooms.get(name) ?? new Set();
  rooms.set(name, room.add(socket));
  socket.on("close", () => room.delete(socket));
});
await new Promise((resolve) => server.once("listening", resolve));
const address = server.address();

answerStorm(
  {
    port: typeof address === "object" && address !== null ? address.port : 0,
    publish(room, message) {
      const text = Buffer.from(JSON.stringify(message));
      for (const socket of rooms.get(room) ?? []) socket.send(text, { binary: false });
    },
    stop: () => server.close(),
  },
  new Tally(),
);
