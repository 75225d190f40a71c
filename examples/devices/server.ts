import { createSystem } from "holdfast";
import { openInspector } from "holdfast/inspector";
import { People } from "./people.js";

/** The part of the endpoint's listener that is used here. */
interface HasPort {
  port(): number;
}

const rootArgs = { port: Number(process.argv[2] ?? 4000), host: "127.0.0.1" };
const system = await createSystem({ root: People, rootArgs, name: "devices" });
await openInspector(system);
const port = await system.whereis<HasPort>("endpoint.listener")?.call.port();
console.log(`Listening on port ${port}. The tree: npx holdfast tree --name devices`);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void system.stop());
await system.done;
