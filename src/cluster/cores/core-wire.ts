import { createConnection, createServer, type Server, type Socket } from "node:net";
import type { SendOutcome, SharedRegister } from "../engine.js";
import { isSameNode, nodeKey, type NodeIdentity } from "../node-identity.js";
import { decodePlain, encodePlain } from "../membership/node-record.js";
import { CodecError } from "../codec/codec-error.js";
import type { Wire } from "../membership/lease-membership.js";
import { coreSocket } from "./core-place.js";
import { FrameSocket } from "./frame-socket.js";

/** What comes over a {@link CoreWire}. */
export interface WireReader {
  frame(from: NodeIdentity, frame: Uint8Array): void;
}

/**
 * Frames between the cores of one machine: every core listens on a Unix socket, and dials those that it speaks to.
 *
 * Each direction of each pair has its own connection, so what one core says to another keeps its order. A connection that breaks while both
 * processes live loses what was under way; the receiver sees that by the numbers of the frames.
 */
export class CoreWire implements Wire {
  readonly register: SharedRegister;
  readonly #self: NodeIdentity;
  readonly #folder: string;
  readonly #reader: WireReader;
  readonly #server: Server;
  readonly #dialled = new Map<string, FrameSocket>();
  readonly #accepted = new Set<Socket>();

  private constructor(self: NodeIdentity, folder: string, register: SharedRegister, reader: WireReader) {
    this.#self = self;
    this.#folder = folder;
    this.register = register;
    this.#reader = reader;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Begins to listen. */
  static async open(
    self: NodeIdentity,
    folder: string,
    register: SharedRegister,
    reader: WireReader,
  ): Promise<CoreWire> {
    const wire = new CoreWire(self, folder, register, reader);
    await new Promise<void>((resolve, reject) => {
      wire.#server.once("error", reject);
      wire.#server.listen(coreSocket(folder, self.incarnation), resolve);
    });
    return wire;
  }

  send(to: NodeIdentity, frame: Uint8Array): SendOutcome {
    return this.#line(to).send(frame) ? "sent" : "full";
  }

  async close(): Promise<void> {
    for (const socket of this.#dialled.values()) socket.end();
    for (const socket of this.#accepted) socket.destroy();
    this.#dialled.clear();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #line(to: NodeIdentity): FrameSocket {
    const key = nodeKey(to);
    const known = this.#dialled.get(key);
    if (known !== undefined) return known;
    const line = new FrameSocket(createConnection(coreSocket(this.#folder, to.incarnation)), {
      frame: () => line.destroy(),
      closed: () => {
        if (this.#dialled.get(key) === line) this.#dialled.delete(key);
      },
    });
    this.#dialled.set(key, line);
    line.send(encodePlain([this.#self.name, this.#self.incarnation]));
    return line;
  }

  #accept(socket: Socket): void {
    this.#accepted.add(socket);
    let from: NodeIdentity | undefined;
    const line = new FrameSocket(socket, {
      frame: (frame) => {
        if (from !== undefined) return this.#reader.frame(from, frame);
        from = readGreeting(frame);
        if (from === undefined || isSameNode(from, this.#self)) line.destroy();
      },
      closed: () => void this.#accepted.delete(socket),
    });
  }
}

/** The first frame on a connection says who dials. */
function readGreeting(frame: Uint8Array): NodeIdentity | undefined {
  try {
    const greeting = decodePlain(frame);
    if (!Array.isArray(greeting)) return undefined;
    const [name, incarnation] = greeting as readonly unknown[];
    return typeof name === "string" && typeof incarnation === "string" ? { name, incarnation } : undefined;
  } catch (thrown) {
    if (thrown instanceof CodecError) return undefined;
    throw thrown;
  }
}
