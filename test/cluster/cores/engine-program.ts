/**
 * One node of the cores engine, in a process of its own that takes orders over its channel, answers them, and tells what its engine tells.
 *
 * node engine-program.js <JSON of CorePlace>
 */
import { coreEngine } from "../../../src/cluster/cores/core-engine.js";
import { isCorePlace } from "../../../src/cluster/cores/core-place.js";
import type { Membership } from "../../../src/cluster/engine.js";
import { realClock } from "../../../src/kernel/clock.js";
import { seededRandom } from "../../../src/kernel/random.js";
import type { NodeAnswer, NodeEvent, NodeOrder } from "./engine-orders.js";

const place: unknown = JSON.parse(process.argv[2] ?? "null");
if (!isCorePlace(place)) throw new TypeError("Expected the place of a core");

function say(message: NodeAnswer | NodeEvent): void {
  if (process.connected) process.send?.(message);
}

const surroundings = { name: place.name, clock: realClock, random: seededRandom(1), report: () => undefined };
const membership = await coreEngine(place).join(surroundings, {
  member: (member) => say({ event: "member", member }),
  frame: (from, frame) => say({ event: "frame", from, frame: Uint8Array.from(frame) }),
  beat: () => say({ event: "beat" }),
  fenced: (why) => say({ event: "fenced", why }),
});
const watches = new Map<number, () => void>();

async function carryOut(node: Membership, order: NodeOrder): Promise<unknown> {
  const { register } = node;
  switch (order.kind) {
    case "members":
      return node.members;
    case "holdsPlace":
      return node.holdsPlace();
    case "send":
      return node.send(order.to, order.frame);
    case "drain":
      return node.drain();
    case "leave":
      return node.leave();
    case "get":
      return register.get(order.key);
    case "list":
      return register.list(order.key);
    case "put":
      return register.put(order.key, order.value, order.expected);
    case "delete":
      return register.delete(order.key, order.expected);
    case "watch": {
      const { watch, key } = order;
      const stop = register.watch(key, {
        changed: (change) => say({ event: "changed", watch, change }),
        reset: () => say({ event: "reset", watch }),
      });
      watches.set(watch, stop);
      return undefined;
    }
    case "unwatch":
      watches.get(order.watch)?.();
      return undefined;
  }
}

process.on("message", (value: unknown) => {
  const { number, ...order } = value as { readonly number: number } & NodeOrder;
  carryOut(membership, order).then(
    (result) => say({ event: "answer", number, result }),
    (error: unknown) => say({ event: "refusal", number, code: String(Reflect.get(Object(error), "code")) }),
  );
});
// The test that forked it is gone.
process.on("disconnect", () => process.exit());
say({ event: "joined", self: membership.self });
