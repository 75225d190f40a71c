import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** Says whether the answer to a request is torn; asked for each piece of it that begins with `HTTP/1.1`, or goes on a stream. */
export type Tear = (requestLine: string, piece: string) => boolean;

/**
 * A cable between HTTP clients and a server that tears answers: half of the bytes of one arrive, and then the connection breaks for both
 * ends. The request has been taken, and the client cannot know that.
 */
export class TornCable {
  readonly #server: Server;
  /** How many answers were torn. */
  torn = 0;
  #mended = false;

  private constructor(port: number, tear: Tear) {
    this.#server = createServer((client) => this.#carry(client, connect(port, "127.0.0.1"), tear));
  }

  /** Lays a cable to a port of this machine. */
  static async to(port: number, tear: Tear): Promise<TornCable> {
    const cable = new TornCable(port, tear);
    await new Promise<void>((resolve) => {
      cable.#server.listen(0, "127.0.0.1", resolve);
    });
    onTestFinished(() => void cable.#server.close());
    return cable;
  }

  /** Where clients of channels connect. */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `ws://127.0.0.1:${port}/socket`;
  }

  /** Tears nothing any more. */
  mend(): void {
    this.#mended = true;
  }

  #carry(client: Socket, server: Socket, tear: Tear): void {
    let requestLine = "";
    client.on("data", (data) => {
      const [line = ""] = data.toString("latin1").split("\r\n", 1);
      if (/^(GET|POST) /.test(line)) requestLine = line;
      server.write(data);
    });
    server.on("data", (data) => {
      if (client.destroyed) return;
      if (this.#mended || !tear(requestLine, data.toString("latin1"))) {
        client.write(data);
        return;
      }
      this.torn += 1;
      server.removeAllListeners("data");
      server.on("data", () => undefined);
      client.write(data.subarray(0, data.length >> 1), () => {
        client.destroy();
        server.destroy();
      });
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on("close", () => other.destroy());
      // A torn connection ends with an error as well; the close that follows is what counts.
      one.on("error", () => one.destroy());
    }
  }
}
