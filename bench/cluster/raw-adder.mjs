/** The other side of a link of bare frames: adds what it is told, and answers. Ends with its connection. */
import { createServer } from "node:net";
import { KIND, RawReader, RawWriter } from "./raw-frames.mjs";

let sum = 0;
let count = 0;

const server = createServer((socket) => {
  const writer = new RawWriter(socket);
  const reader = new RawReader((kind, number, value) => {
    if (kind === KIND.cast || kind === KIND.call) {
      sum += value;
      count++;
    }
    if (kind === KIND.call) writer.message(KIND.reply, number, sum);
    else if (kind === KIND.handled) writer.message(KIND.reply, number, count);
    else if (kind === KIND.usage) writer.message(KIND.reply, number, usedUs());
  });
  socket.on("data", (chunk) => reader.read(chunk));
  socket.on("close", () => process.exit(0));
  socket.on("error", () => process.exit(1));
});
process.once("disconnect", () => process.exit(1));
server.listen(process.argv[2], () => process.send?.("listening"));

function usedUs() {
  const { user, system } = process.cpuUsage();
  return user + system;
}
