import { existsSync } from "node:fs";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import type { SendOutcome, SharedRegister } from "../engine.js";
import { isSameNode, nodeKey, type NodeIdentity } from "../node-identity.js";
import { decodePlain, encodePlain } from "../membership/node-record.js";
import { CodecError } from "../codec/codec-error.js";
import type { Wire } from "../membership/lease-membership.js";
import { quietTimer } from "./clock.js";
import { coreSocket } from "./core-place.js";
import { FrameSocket } from "./frame-socket.js";

/** How long a core that leaves waits for the others to read what it has said last. */
const PATIENCE_MS = 500;

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
  /** The node that was sent to last, by the object itself: most frames in a row are for one. */
  #lastTo: NodeIdentity | undefined;
  #lastLine: FrameSocket | undefined;
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
    if (this.#lastLine === undefined || to !== this.#lastTo) {
      const line = this.#line(to);
      if (line === undefined) return "unreachable";
      this.#lastTo = to;
      this.#lastLine = line;
    }
    return this.#lastLine.send(frame) ? "sent" : "full";
  }

  async flush(): Promise<void> {
    const lines = [...this.#dialled.values()];
    // The other side ends its half when it has read all of ours.
    const read = Promise.all(lines.map((line) => line.closed));
    for (const line of lines) line.end();
    await Promise.race([read, new Promise<void>((resolve) => quietTimer(PATIENCE_MS, resolve))]);
  }

  async close(): Promise<void> {
    for (const socket of this.#dialled.values()) socket.end();
    for (const socket of this.#accepted) socket.destroy();
    this.#dialled.clear();
    this.#lastLine = undefined;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #line(to: NodeIdentity): FrameSocket | undefined {
    const key = nodeKey(to);
    const known = this.#dialled.get(key);
    if (known !== undefined) return known;
    const path = coreSocket(this.#folder, to.incarnation);
    // A core listens before anybody hears of it.
    if (!existsSync(path)) return undefined;
    const line = new FrameSocket(createConnection(path), {
      frame: () => line.destroy(),
      closed: () => {
        if (this.#dialled.get(key) === line) this.#dialled.delete(key);
        if (this.#lastLine === line) this.#lastLine = undefined;
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
