/**
 * Holdfast in a storm: an endpoint with its defaults; each client is a user of its own. With `STORM_STORE` in the environment its sessions are
 * kept in the store at that path, as `npm start` keeps them.
 */
import { loadActors, loadKernel, loadStore, loadSupervisors } from "../harness/packages.mjs";
import { answerStorm, Tally } from "./storm-control.mjs";

const { createSystem } = await loadKernel();
const { Supervisor, child } = await loadSupervisors();
const { Channel, Endpoint, ok } = await loadActors();

const tally = new Tally();
const path = process.env["STORM_STORE"];
const store = path === undefined ? undefined : await (await loadStore()).embeddedStore({ path });

class Room extends Channel {
  /**
   * @override
   * @param {string} event
   * @param {unknown} payload
   */
  handleIn(event, payload) {
    if (event === "count") tally.pushed(/** @type {{ c: number, n: number }} */ (payload));
    return ok();
  }
}

class App extends Supervisor {
  /** @override */
  init() {
    const socket = {
      channels: { "room:*": Room },
      /** @param {{ token: string | undefined }} credentials */
      authenticate: ({ token }) => (token === undefined ? undefined : { user: token }),
      ...(store === undefined ? {} : { store }),
    };
    const args = { host: "127.0.0.1", port: Number(process.env["PORT"] ?? 0), socket };
    return { children: [child(Endpoint, { id: "endpoint", args, shutdown: 10_000 })] };
  }
}

const system = await createSystem({ root: App });
/** @type {import("../../src/index.js").ActorRef<{ port(): number }> | undefined} */
const listener = system.whereis("endpoint.listener");
/** @type {import("../../src/index.js").ActorRef<import("../../actors/index.js").Topics> | undefined} */
const topics = system.whereis("endpoint.topics");
if (listener === undefined || topics === undefined) throw new Error("The endpoint did not start");

answerStorm(
  {
    port: await listener.call.port(),
    publish: (room, message) => topics.cast.broadcast(room, "news", message),
    async stop() {
      await system.stop();
      await store?.close();
    },
  },
  tally,
);
