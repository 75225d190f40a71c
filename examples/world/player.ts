import { createInterface } from "node:readline";
import { ConnectedPlayer } from "./connect-player.js";
import { draw } from "./draw.js";

const [name, world, port = "4000"] = process.argv.slice(2);
if (name === undefined || world === undefined) {
  console.error("Usage: player.js NAME WORLD [PORT]");
  process.exitCode = 1;
} else {
  const player = new ConnectedPlayer({
    url: `ws://127.0.0.1:${port}/socket`,
    name,
    world,
    show: (now) => console.log(`\n${draw(now)}`),
    say: (line) => console.log(line),
  });
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => void player.command(line));
  lines.on("close", () => player.leave());
}
