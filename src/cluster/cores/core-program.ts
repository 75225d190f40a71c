import type { Actor } from "../../kernel/actor.js";
import type { ActorSystem, SystemOptions } from "../../kernel/system.js";
import { ClusterOfNode, noteCluster } from "../cluster.js";
import type { ClusterNode } from "../cluster-node.js";
import { noteSharedPorts } from "../shared-port.js";
import { startNode } from "../start-node.js";
import { noteInspectorFolder } from "../tree-port.js";
import { quietTimer } from "./clock.js";
import { CoreDoors } from "./core-doors.js";
import { coreEngine } from "./core-engine.js";
import { coreLink } from "./core-link.js";
import { type CorePlace, coreSocket } from "./core-place.js";
import { startFailure } from "./start-failure.js";
import { orderStop } from "./stop-signals.js";

/** How long the application may take to end when its system has stopped; then its process is ended. */
const GRACE_MS = 5_000;

/** The systems of this process that have joined: one, unless the application makes more. */
const joined = new Map<ActorSystem, ClusterNode>();

/** Makes the system of this core, which joins the others before its root starts. */
export async function startCore<Root extends Actor<never>>(
  options: SystemOptions<Root>,
  place: CorePlace,
): Promise<ActorSystem> {
  try {
    const system = await startNode(options, { engine: coreEngine(place), name: place.name }, (made, node) => {
      joined.set(made, node);
      noteCluster(made, new ClusterOfNode(node, { engineName: "cores", role: "core" }));
      noteInspectorFolder(made, place.folder);
      const doors = new CoreDoors(node, place.folder);
      noteSharedPorts(made, {
        open: async ({ name, port, host }, take) => {
          const key = JSON.stringify([made.name, name, port, host ?? null]);
          const taken = await coreLink.listen({ key, port, host }, take);
          const path = coreSocket(place.folder, `${place.incarnation}-${++sockets}`);
          doors.open(key, path);
          const close = (): void => {
            coreLink.unlisten(key);
            doors.close(key, path);
          };
          return { port: taken, path, name: place.name, pathOf: (core) => doors.pathOf(core, key), close };
        },
      });
      // Others may hold by now what was this core's; its host starts it again.
      node.addService("core", {
        received: ignore,
        memberChanged: ignore,
        missed: ignore,
        fenced: () => void setImmediate(endFenced),
      });
      void endAfter(made, node);
    });
    await coreLink.say({ kind: "ready", system: system.name });
    return system;
  } catch (thrown) {
    await coreLink.say({ kind: "failed", text: startFailure(thrown) });
    throw thrown;
  }
}

let sockets = 0;
let isOrdered = false;

/** The host wants this core to stop: it takes nothing new, the application's own listeners hear of it, and then its systems stop. */
export async function stopCore(): Promise<void> {
  isOrdered = true;
  const nodes = [...joined.values()];
  // A register that does not answer must not hold up the stop.
  await Promise.all(nodes.map((node) => node.membership.drain().catch(ignore)));
  orderStop();
  await Promise.all([...joined.keys()].map((system) => system.stop()));
  if (nodes.length === 0) end();
}

async function endAfter(system: ActorSystem, node: ClusterNode): Promise<void> {
  const reason = await system.done;
  await node.membership.leave();
  joined.delete(system);
  if (joined.size > 0) return;
  // As a transient child: a root that is done, and an application that stops its system, have ended in order; one that gave up is started again.
  if (!isOrdered && !system.wasAskedToStop && reason !== "normal") process.exitCode ??= 1;
  coreLink.release();
  // What is open then is the application's own, and has had its time.
  quietTimer(GRACE_MS, end);
}

function end(): void {
  // oxlint-disable-next-line unicorn/no-process-exit -- nothing is left to wait for
  process.exit();
}

function endFenced(): void {
  // oxlint-disable-next-line unicorn/no-process-exit -- what this core held may be another's by now: it must do nothing more
  process.exit(1);
}

function ignore(): void {
  // Nothing is said to this service, and a stop goes on without the register.
}
