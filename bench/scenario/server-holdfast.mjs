/**
 * Holdfast under test: an endpoint with a room that echoes and broadcasts, and a raw connection that echoes at `/raw`.
 *
 * Set up as a user would do it: the limits and the supervision are the defaults, and the console reports what it reports.
 */
import { loadActors, loadKernel, loadSupervisors } from "../harness/packages.mjs";
import { answerTo, memory } from "./control.mjs";

const { createSystem } = await loadKernel();
const { Supervisor, child } = await loadSupervisors();
const { Channel, Connection, Endpoint, ok } = await loadActors();

let joined = 0;

class Room extends Channel {
  /** @override */
  join() {
    joined++;
  }
  /**
   * @override
   * @param {string} event `say` goes to everyone in the room, anything else comes back as the reply
   * @param {unknown} payload
   */
  handleIn(event, payload) {
    const said = /** @type {object} */ (payload);
    if (event !== "say") return ok(said);
    this.broadcast("said", said);
    return ok();
  }
  /** @override */
  terminate() {
    joined--;
  }
}

class Echo extends Connection {
  /** @override */
  init() {
    joined++;
  }
  /**
   * @override
   * @param {string | Uint8Array} frame
   */
  handleFrame(frame) {
    this.sendFrame(frame);
  }
  /** @override */
  terminate() {
    joined--;
  }
}

class App extends Supervisor {
  /** @override */
  init() {
    const args = {
      host: "127.0.0.1",
      port: Number(process.env["PORT"] ?? 0),
      socket: { channels: { "room:*": Room } },
      connections: { "/raw": Echo },
    };
    return { strategy: /** @type {const} */ ("one_for_one"), children: [child(Endpoint, { id: "endpoint", args })] };
  }
}

const system = await createSystem({ root: App });
/** @type {import("../../src/index.js").ActorRef<{ port(): number }> | undefined} */
const listener = system.whereis("endpoint.listener");
/** @type {import("../../src/index.js").ActorRef<import("../../actors/index.js").Topics> | undefined} */
const topics = system.whereis("endpoint.topics");
if (listener === undefined || topics === undefined)
  throw new Error("Expected the endpoint to have started its listener and topics");

answerTo({
  port: await listener.call.port(),
  count: () => joined,
  memory,
  broadcast(bytes) {
    topics.cast.broadcast("room:bench", "news", { text: "x".repeat(bytes) });
  },
  stop: () => system.stop(),
});
