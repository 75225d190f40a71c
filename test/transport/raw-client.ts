import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A frame as it came from the server. */
export interface ServerFrame {
  readonly opcode: number;
  readonly final: boolean;
  readonly payload: Buffer;
}

/** What goes into a client's frame; everything but the payload has an ordinary default. */
export interface ClientFrame {
  readonly opcode?: number;
  readonly final?: boolean;
  readonly masked?: boolean;
  readonly payload?: string | Uint8Array;
}

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const MASK = [0x37, 0xfa, 0x21, 0x3d];

/** Builds a client's frame. */
export function clientFrame({ opcode = 1, final = true, masked = true, payload = "" }: ClientFrame): Buffer {
  const body = Buffer.from(payload);
  const length = body.length;
  const head = [(final ? 0x80 : 0) | opcode];
  const bit = masked ? 0x80 : 0;
  if (length < 126) head.push(bit | length);
  else if (length < 65_536) head.push(bit | 126, length >> 8, length & 255);
  else head.push(bit | 127, 0, 0, 0, 0, length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255);
  if (!masked) return Buffer.concat([Buffer.from(head), body]);
  return Buffer.concat([Buffer.from([...head, ...MASK]), body.map((byte, i) => byte ^ (MASK[i & 3] ?? 0))]);
}

/** A client that writes and reads bytes, so that tests can send what no proper client would. */
export class RawClient {
  readonly socket: Socket;
  #bytes = Buffer.alloc(0);
  #ended = false;
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake();
    });
    socket.on("error", () => this.#end());
    socket.on("close", () => this.#end());
    socket.on("end", () => this.#end());
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    return new RawClient(socket);
  }

  /** Connects and upgrades; the answer must be 101. */
  static async upgraded(port: number, path: string, headers: readonly string[] = []): Promise<RawClient> {
    const client = await RawClient.connect(port);
    client.socket.write(upgradeRequest(path, headers));
    const head = await client.head();
    if (!head.startsWith("HTTP/1.1 101 ")) throw new Error(`the upgrade was refused: ${head}`);
    return client;
  }

  send(...frames: readonly ClientFrame[]): void {
    this.socket.write(Buffer.concat(frames.map(clientFrame)));
  }

  /** The head of the next HTTP answer. */
  async head(): Promise<string> {
    for (;;) {
      const end = this.#bytes.indexOf("\r\n\r\n");
      if (end !== -1) return this.#take(end + 4).toString();
      await this.#more();
    }
  }

  /** Everything until the server has ended the connection. */
  async rest(): Promise<string> {
    while (!this.#ended) await this.#more();
    return this.#bytes.toString();
  }

  async frame(): Promise<ServerFrame> {
    while (this.#bytes.length < 2) await this.#more();
    const short = this.#bytes.readUInt8(1);
    const header = short < 126 ? 2 : short === 126 ? 4 : 10;
    while (this.#bytes.length < header) await this.#more();
    const length = short < 126 ? short : short === 126 ? this.#bytes.readUInt16BE(2) : this.#bytes.readUInt32BE(6);
    while (this.#bytes.length < header + length) await this.#more();
    const frame = this.#take(header + length);
    const first = frame.readUInt8(0);
    return { opcode: first & 15, final: (first & 0x80) !== 0, payload: frame.subarray(header) };
  }

  async text(): Promise<string> {
    const { opcode, payload } = await this.frame();
    if (opcode !== 1) throw new Error(`expected a text frame, got opcode ${opcode}: ${payload.toString("hex")}`);
    return payload.toString();
  }

  /** The next frame, which must be a close frame. */
  async closing(): Promise<{ code: number; reason: string }> {
    const { opcode, payload } = await this.frame();
    if (opcode !== 8) throw new Error(`expected a close frame, got opcode ${opcode}: ${payload.toString()}`);
    return { code: payload.readUInt16BE(0), reason: payload.subarray(2).toString() };
  }

  destroy(): void {
    this.socket.destroy();
  }

  #take(count: number): Buffer {
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }

  #end(): void {
    this.#ended = true;
    this.#wake();
  }

  #more(): Promise<void> {
    if (this.#ended) throw new Error(`the server has ended the connection, left: ${this.#bytes.toString()}`);
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** An upgrade request as a browser without an origin would send it. */
export function upgradeRequest(path: string, headers: readonly string[] = []): string {
  const fixed = ["Upgrade: websocket", "Connection: Upgrade", `Sec-WebSocket-Key: ${KEY}`, "Sec-WebSocket-Version: 13"];
  return [`GET ${path} HTTP/1.1`, "Host: example.test", ...fixed, ...headers, "", ""].join("\r\n");
}
