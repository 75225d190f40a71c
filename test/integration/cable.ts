import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";

interface Line {
  readonly client: Socket;
  readonly server: Socket;
  halfOpen: boolean;
}

/**
 * A cable between clients and a server that can be pulled, or eat what runs through it.
 *
 * Clients connect to its port; each of their connections is carried to the server's port.
 */
export class Cable {
  readonly #server: Server;
  readonly #lines = new Set<Line>();
  #plugged = true;
  #eats = false;
  #onEaten: () => void = () => undefined;

  private constructor(port: number) {
    this.#server = createServer((client) => {
      if (this.#plugged) this.#carry({ client, server: connect(port, "127.0.0.1"), halfOpen: false });
      else client.destroy();
    });
  }

  /** Lays a cable to a port of this machine. */
  static async to(port: number): Promise<Cable> {
    const cable = new Cable(port);
    await new Promise<void>((resolve) => {
      cable.#server.listen(0, "127.0.0.1", resolve);
    });
    onTestFinished(() => {
      cable.pull();
      cable.#server.close();
    });
    return cable;
  }

  /** Where clients of channels connect. */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `ws://127.0.0.1:${port}/socket`;
  }

  /** Breaks all connections, for both ends. */
  pull(): void {
    for (const { client, server } of this.#lines) {
      client.destroy();
      server.destroy();
    }
  }

  /** Breaks all connections, and each new one at once, until {@link plug}. */
  unplug(): void {
    this.#plugged = false;
    this.pull();
  }

  /** Carries new connections again. */
  plug(): void {
    this.#plugged = true;
  }

  /** Breaks all connections for the clients; the server hears nothing of it and goes on writing into the void. */
  leaveHalfOpen(): void {
    for (const line of this.#lines) {
      line.halfOpen = true;
      line.client.destroy();
    }
  }

  /** Lets nothing pass that the server says, answers to upgrades excepted, until `false`. Resolves when something was eaten. */
  eatAnswers(eats: boolean): Promise<void> {
    this.#eats = eats;
    return new Promise((resolve) => {
      this.#onEaten = resolve;
    });
  }

  #carry(line: Line): void {
    const { client, server } = line;
    this.#lines.add(line);
    let upgraded = false;
    client.on("data", (data) => server.write(data));
    server.on("data", (data) => {
      if (upgraded && this.#eats) this.#onEaten();
      else if (!client.destroyed) client.write(data);
      upgraded = true;
    });
    server.on("close", () => {
      this.#lines.delete(line);
      client.destroy();
    });
    client.on("close", () => {
      if (!line.halfOpen) server.destroy();
    });
    // A broken cable breaks with an error as well; the close that follows is what counts.
    client.on("error", () => client.destroy());
    server.on("error", () => server.destroy());
  }
}
