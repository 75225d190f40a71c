import { createConnection } from "node:net";
import type { Engine, EngineEvents, EngineSurroundings, Membership } from "../engine.js";
import { EngineError } from "../engine-error.js";
import { LeaseMembership, type Wire } from "../membership/lease-membership.js";
import type { NodeIdentity } from "../node-identity.js";
import { type CorePlace, hostSocket } from "./core-place.js";
import { CoreWire } from "./core-wire.js";
import { FrameSocket } from "./frame-socket.js";
import { RegisterClient } from "./register-client.js";
import { decodeReply } from "./register-message.js";

/** How often a core tries to take its place while the host does not answer in time. */
const TRIES = 10;

/** The engine of a core: frames over Unix sockets, and the register of the host. */
export function coreEngine(place: CorePlace): Engine {
  return { name: "cores", join: (surroundings, events) => join(place, surroundings, events) };
}

async function join(place: CorePlace, surroundings: EngineSurroundings, events: EngineEvents): Promise<Membership> {
  const { name, incarnation, folder, leaseMs } = place;
  const self = { name, incarnation };
  let early: (() => void)[] | undefined = [];
  let membership: LeaseMembership | undefined;
  const frame = (from: NodeIdentity, bytes: Uint8Array): void => {
    // Others see this node before it has heard that it is in.
    if (membership === undefined) early?.push(() => frame(from, bytes));
    else membership.frame(from, bytes);
  };
  const register = await openRegister(hostSocket(folder), surroundings);
  const frames = await CoreWire.open(self, folder, register, { frame });
  const wire: Wire = {
    register,
    send: (to, bytes) => frames.send(to, bytes),
    flush: () => frames.flush(),
    close: async () => {
      register.leave();
      await frames.close();
    },
  };
  for (let left = TRIES; ; left--) {
    try {
      membership = await LeaseMembership.join(self, wire, surroundings, events, { ttlMs: leaseMs });
      break;
    } catch (thrown) {
      if (!(thrown instanceof EngineError) || thrown.code !== "unreachable" || left <= 1) throw thrown;
    }
  }
  const waiting = early;
  early = undefined;
  for (const deliver of waiting) deliver();
  return membership;
}

function openRegister(path: string, { clock }: EngineSurroundings): Promise<RegisterClient> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    const line = new FrameSocket(socket, {
      frame: (frame) => {
        const reply = decodeReply(frame);
        if (reply === undefined) line.destroy();
        else client.reply(reply);
      },
      closed: (why) => {
        reject(new EngineError("unreachable", `The host's register cannot be reached: ${why}`));
        client.close();
      },
    });
    const client = new RegisterClient(
      clock,
      (frame) => line.send(frame),
      () => line.end(),
    );
    socket.once("connect", () => resolve(client));
  });
}
