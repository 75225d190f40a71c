/**
 * A program for the cores of a machine whose rooms say on which core they are. It writes a line of JSON when a core is ready.
 *
 * node relay-program.js <JSON of RelayProgramOptions>
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Channel, Endpoint, ok } from "../../../actors/index.js";
import { type CoresOptions, clusterOf } from "../../../src/cluster/index.js";
import { type ActorSystem, createSystem } from "../../../src/index.js";
import { cellOf } from "../../../src/kernel/cell.js";
import { child, Supervisor } from "../../../supervisors/index.js";

interface RelayProgramOptions {
  readonly cluster: CoresOptions;
  readonly pollWindowMs?: number;
}

const { cluster, pollWindowMs = 500 } = JSON.parse(process.argv[2] ?? "{}") as RelayProgramOptions;

/** Answers each message with the core that it lives on, and tells the others in the room what was said. */
class Room extends Channel {
  override handleIn(event: string, payload: object) {
    if (event === "say") this.broadcast("said", payload);
    return ok({ ...payload, pid: process.pid });
  }
}

class Root extends Supervisor {
  override init() {
    const routes = (_: IncomingMessage, response: ServerResponse): void => {
      response.end(JSON.stringify({ pid: process.pid, ...carried(this.system) }));
    };
    const socket = { channels: { "room:*": Room }, pollWindowMs, authenticate: () => ({ user: "ann" }) };
    const args = { port: 0, host: "127.0.0.1", routes, socket, drainTimeoutMs: 1_000 };
    return { children: [child(Endpoint, { id: "endpoint", args })] } as const;
  }
}

/** How many clients this core carries to others, and others to this one. */
function carried(system: ActorSystem): object {
  const listener = system.whereis("endpoint.listener");
  const status = listener === undefined ? undefined : cellOf(listener).actor?.formatStatus();
  return typeof status === "object" && status !== null ? status : {};
}

interface HasPort {
  port(): number;
}

const system = await createSystem({ root: Root, cluster, reporter: () => undefined });
process.once("SIGTERM", () => void system.stop());
const { role, self } = clusterOf(system);
const port = await system.whereis<HasPort>("endpoint.listener")?.call.port();
process.stdout.write(`${JSON.stringify({ what: "ready", by: process.pid, role, node: self.name, port })}\n`);
await system.done;
