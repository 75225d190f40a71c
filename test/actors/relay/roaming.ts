import { Channel, type Clients, Endpoint, type EndpointOptions, ok, type SocketLimits } from "../../../actors/index.js";
import { type Channel as ClientChannel, Socket, type SocketOptions } from "../../../src/client/index.js";
import { decodeHome } from "../../../actors/home/home-record.js";
import type { ActorRef } from "../../../src/index.js";
import { cellOf } from "../../../src/kernel/cell.js";
import { createFaultyNetwork, type FaultyNetwork } from "../../../src/testing/index.js";
import { createTestCluster, type TestCluster } from "../../../src/testing/test-cluster.js";

/** Answers what a client says with its number, notes all of it, and tells the client what the test wants. */
export class Room extends Channel {
  static readonly said: number[] = [];
  static readonly living = new Set<Room>();

  override join() {
    Room.living.add(this);
    return ok();
  }
  override terminate(): void {
    Room.living.delete(this);
  }
  override handleIn(event: string, payload: { readonly n: number }) {
    if (event !== "say") return undefined;
    Room.said.push(payload.n);
    return ok({ n: payload.n });
  }
  override handleInfo(message: unknown): void {
    if (typeof message === "number") this.push("told", { n: message });
  }
  /** Something for each client that is there. */
  static tell(from: number, to: number): void {
    for (const room of Room.living) for (let n = from; n < to; n++) room.self().send(n);
  }
}

type Class = NonNullable<SocketOptions["webSocket"]>;

/** A client that goes where the test says. */
export interface Roamer {
  readonly socket: Socket;
  readonly channel: ClientChannel;
  readonly told: number[];
  readonly answered: number[];
  say(from: number, to: number): void;
}

/** Nodes with an endpoint each, and clients that come to one of them and then to another. */
export class Roaming {
  readonly cluster: TestCluster;
  readonly #networks = new Map<string, FaultyNetwork>();
  readonly #clients: Socket[] = [];
  readonly limits: Partial<SocketLimits>;
  /** Where clients connect now. */
  at = "a";

  private constructor(cluster: TestCluster, limits: Partial<SocketLimits>) {
    this.cluster = cluster;
    this.limits = limits;
  }

  static async create(limits: Partial<SocketLimits> = {}): Promise<Roaming> {
    Room.said.length = 0;
    Room.living.clear();
    const stage = new Roaming(await createTestCluster({ nodes: ["a", "b", "c"], seed: 3 }), limits);
    for (const name of ["a", "b", "c"]) await stage.#serve(name);
    return stage;
  }

  async #serve(name: string): Promise<void> {
    const { system } = this.cluster.node(name);
    const network = createFaultyNetwork({ clock: this.cluster.clock });
    this.#networks.set(name, network);
    const options: EndpointOptions = {
      createServer: network.createServer,
      drainTimeoutMs: 4_000,
      socket: {
        channels: { "room:*": Room },
        limits: this.limits,
        authenticate: ({ token, params }) => {
          if (params["refuse"] !== undefined) return undefined;
          return token === undefined ? {} : { user: token };
        },
      },
    };
    const started = system.start(Endpoint, options);
    await this.settle(500);
    await started;
  }

  network(name: string): FaultyNetwork {
    const network = this.#networks.get(name);
    if (network === undefined) throw new RangeError(`no network for ${name}`);
    return network;
  }

  /** The WebSocket class of the node at which clients connect. */
  get webSocket(): Class {
    const network = (): FaultyNetwork => this.network(this.at);
    class Dialled {
      constructor(url: string) {
        const { WebSocket } = network();
        // oxlint-disable-next-line no-constructor-return -- which network it is is known only now
        return new WebSocket(url);
      }
    }
    return Dialled as unknown as Class;
  }

  async client(options: Partial<SocketOptions> = {}): Promise<Roamer> {
    const { url } = this.network("a");
    const socket = new Socket(`${url}/socket`, {
      webSocket: this.webSocket,
      clock: this.cluster.clock,
      random: { next: () => 0.5 },
      token: () => "ann",
      ...options,
    });
    const channel = socket.channel("room:1");
    const told: number[] = [];
    const answered: number[] = [];
    channel.on("told", (payload) => void told.push((payload as { readonly n: number }).n));
    channel.join();
    socket.connect();
    this.#clients.push(socket);
    await this.settle(500);
    const say = (from: number, to: number): void => {
      for (let n = from; n < to; n++) {
        void channel.push("say", { n }).reply.then(
          () => void answered.push(n),
          () => undefined,
        );
      }
    };
    return { socket, channel, told, answered, say };
  }

  /** Breaks the clients' connections at a node, and has them come to another. */
  async move(from: string, to: string, waitMs = 3_000): Promise<void> {
    this.at = to;
    this.network(from).cut();
    await this.settle(waitMs);
  }

  /** How many clients a node carries to others, and others to it. */
  carried(node: string): unknown {
    const listener = this.cluster.node(node).system.whereis("endpoint.listener");
    const status = listener === undefined ? undefined : cellOf(listener).actor?.formatStatus();
    const { carriedOut, carriedIn, pending } = status as Record<string, number>;
    return { out: carriedOut, in: carriedIn, pending };
  }

  /** The home of the sessions that begin on a node. */
  async homeOf(node: string): Promise<string> {
    const { cluster } = this.cluster.node(node);
    const entries = await this.done(cluster.register.list("home/endpoint/"));
    const found = entries.find(({ value }) => decodeHome(value)?.node.name === node);
    return found?.key.slice("home/endpoint/".length) ?? "";
  }

  clients(node: string): ActorRef<Clients> {
    const clients = this.cluster.node(node).system.whereis<Clients>("endpoint.clients");
    if (clients === undefined) throw new Error("the endpoint has no clients");
    return clients;
  }

  async done<Value>(promise: Promise<Value>, waitMs = 200): Promise<Value> {
    await this.settle(waitMs);
    return promise;
  }

  async settle(ms = 200): Promise<void> {
    await this.cluster.clock.advance(ms);
  }

  async stop(): Promise<void> {
    for (const socket of this.#clients) socket.disconnect();
    await this.settle(2_000);
    await this.cluster.stop();
  }
}
