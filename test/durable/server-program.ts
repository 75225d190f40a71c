/**
 * A server with durable sessions, until it is killed. It writes `open <port>` when clients may come, `damage <kind>` for what the store finds
 * damaged, and `report <type>` for each warning.
 *
 * node server-program.js <directory of the store> <port> <process|disk>
 */
import { createSystem } from "../../src/index.js";
import { Channel, Endpoint, ok } from "../../actors/index.js";
import { embeddedStore } from "../../src/store/index.js";
import { child, Supervisor } from "../../supervisors/index.js";

const [, , path = "", port = "", durability = ""] = process.argv;
const store = await embeddedStore({
  path,
  durability: durability === "disk" ? "disk" : "process",
  onDamage: ({ kind }) => process.stdout.write(`damage ${kind}\n`),
});

/** Counts what its client says, and tells everybody. */
class Room extends Channel {
  #count = 0;

  override handleIn(event: string, payload: unknown) {
    if (event === "count") return ok({ count: this.#count });
    this.#count++;
    this.broadcast("said", { by: this.user, payload });
    return ok({ count: this.#count });
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
      store,
      authenticate: ({ token }: { token: string | undefined }) => (token === undefined ? undefined : { user: token }),
    };
    return { children: [child(Endpoint, { id: "endpoint", args: { port: Number(port), host: "127.0.0.1", socket } })] };
  }
}

interface HasPort {
  port(): number;
}

const system = await createSystem({
  root: Root,
  reporter: ({ level, type }) => void (level === "info" || process.stdout.write(`report ${type}\n`)),
});
process.stdout.write(`open ${await system.whereis<HasPort>("endpoint.listener")?.call.port()}\n`);
