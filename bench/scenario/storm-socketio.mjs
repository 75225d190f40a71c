/** Socket.IO 4 with connection state recovery in a storm, otherwise with its defaults. */
import { createServer } from "node:http";
import { Server } from "socket.io";
import { answerStorm, Tally } from "./storm-control.mjs";

const tally = new Tally();
const http = createServer();
const io = new Server(http, { connectionStateRecovery: { maxDisconnectionDuration: 120_000 } });
io.on("connection", (socket) => {
  socket.on("join", (/** @type {string} */ room, /** @type {() => void} */ done) => {
    void socket.join(room);
    done();
  });
  socket.on("count", (/** @type {{ c: number, n: number }} */ push, /** @type {() => void} */ done) => {
    tally.pushed(push);
    done();
  });
});
await new Promise((resolve) =>
  http.listen({ port: Number(process.env["PORT"] ?? 0), host: "127.0.0.1", backlog: 4_096 }, () => resolve(undefined)),
);
const address = http.address();

answerStorm(
  {
    port: typeof address === "object" && address !== null ? address.port : 0,
    publish: (room, message) => void io.to(room).emit("news", message),
    stop: () => io.close(),
  },
  tally,
);
