import { createInterface } from "node:readline";
import { Device } from "./connect-device.js";

const [name, device, port = "4000"] = process.argv.slice(2);
if (name === undefined || device === undefined) {
  console.error("Usage: device.js NAME DEVICE [PORT]");
  process.exitCode = 1;
} else {
  const connected = new Device({
    url: `ws://127.0.0.1:${port}/socket`,
    name,
    device,
    say: (line) => console.log(line),
  });
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => void connected.tell(line));
  lines.on("close", () => connected.leave());
}
