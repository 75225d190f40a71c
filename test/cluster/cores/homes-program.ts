/**
 * A program for the cores of a machine that keep their sessions in a folder of stores. It writes a line of JSON when a core is ready, and for each
 * report about sessions that are taken over.
 *
 * node homes-program.js <JSON of HomesProgramOptions>
 */
import { Channel, Endpoint, ok } from "../../../actors/index.js";
import { type CoresOptions, clusterOf, currentCore } from "../../../src/cluster/index.js";
import { createSystem, type Report } from "../../../src/index.js";
import { embeddedStoreFolder } from "../../../src/store/index.js";
import { child, Supervisor } from "../../../supervisors/index.js";

interface HomesProgramOptions {
  readonly cluster: CoresOptions;
  readonly path: string;
}

const { cluster, path } = JSON.parse(process.argv[2] ?? "{}") as HomesProgramOptions;
const store = currentCore() === undefined ? undefined : await embeddedStoreFolder({ path });

/** Counts what its client says, and tells on which core it is. */
class Room extends Channel {
  #count = 0;

  override handleIn(event: string) {
    if (event === "say") this.#count++;
    return ok({ count: this.#count, pid: process.pid });
  }

  override saveState(): unknown {
    return this.#count;
  }

  override handleRestore(state: unknown): void {
    this.#count = Number(state);
  }
}

class Root extends Supervisor {
  override init() {
    const socket = {
      channels: { "room:*": Room },
      authenticate: ({ token }: { readonly token: string | undefined }) => ({ user: token ?? "nobody" }),
      ...(store === undefined ? {} : { store }),
    };
    const args = { port: 0, host: "127.0.0.1", socket, drainTimeoutMs: 1_000 };
    return { children: [child(Endpoint, { id: "endpoint", args })] } as const;
  }
}

interface HasPort {
  port(): number;
}

function say(what: string, more: object): void {
  process.stdout.write(`${JSON.stringify({ what, by: process.pid, ...more })}\n`);
}

const reporter = ({ type, level, text }: Report): void => {
  if (type === "sessions_adopted" || type === "adoption_failed" || level === "error") say(type, { text });
};
const system = await createSystem({ root: Root, cluster, reporter });
process.once("SIGTERM", () => void system.stop());
const { role, self } = clusterOf(system);
const port = await system.whereis<HasPort>("endpoint.listener")?.call.port();
say("ready", { role, node: self.name, port });
await system.done;
await store?.close();
