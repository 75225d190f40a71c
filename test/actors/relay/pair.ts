import { vi } from "vitest";
import type { CarriedClient } from "../../../actors/relay/carried-client.js";
import { Relays } from "../../../actors/relay/relays.js";
import type { RelaySocket } from "../../../actors/relay/relay-socket.js";
import { Actor, type ActorRef, type Report } from "../../../src/index.js";
import { createTestCluster, type TestCluster } from "../../../src/testing/test-cluster.js";
import type { SocketOwner, TransportSocket } from "../../../src/transport/transport-socket.js";
import type { UpgradeRequest } from "../../../src/transport/upgrade-request.js";
import { FakeSocket } from "../fake-socket.js";

/** What has come of each socket at the node of the sessions. */
const events = new WeakMap<TransportSocket, string[]>();

/** The actor that has the session: drains by closing. */
class Owner extends Actor<RelaySocket> {
  #socket: RelaySocket | undefined;

  override init(socket: RelaySocket): void {
    this.#socket = socket;
  }
  beat(): void {}
  drain(retryAfterMs: number): void {
    this.#socket?.close(4201, `drain ${retryAfterMs}`);
  }
}

const owner: SocketOwner = {
  onText: note,
  onBinary: (socket, bytes) => note(socket, `<${bytes.toString("hex")}>`),
  onClose: (socket, code, reason) => note(socket, `closed ${code} ${reason}`),
  onDrain: (socket) => note(socket, "drained"),
};

function note(socket: TransportSocket, event: string): void {
  events.get(socket)?.push(event);
}

/** The connection of a client at the node to which it came. */
export class Carrier extends Actor<{ readonly socket: FakeSocket }> {
  #socket: FakeSocket | undefined;
  readonly heard: string[] = [];

  override init({ socket }: { readonly socket: FakeSocket }): void {
    this.#socket = socket;
  }
  readOn(): void {
    this.#socket?.resume();
  }
  uncarried(retryAfterMs?: number): void {
    this.heard.push(`uncarried ${retryAfterMs === undefined ? "" : "soon"}`);
    this.#socket?.close(4201, "");
  }
  closed(code: number, reason: string): void {
    this.heard.push(`closed ${code} ${reason}`);
  }
  told(): readonly string[] {
    return this.heard;
  }
}

/** A client of node b whose session is on node a. */
export interface Carried {
  readonly socket: FakeSocket;
  readonly carrier: ActorRef<Carrier>;
  readonly client: CarriedClient;
  /** What has come of it on node a. */
  readonly events: string[];
  /** Its socket on node a. */
  readonly far: RelaySocket;
  told(): Promise<readonly string[]>;
}

export const REQUEST: UpgradeRequest = {
  path: "/socket/websocket",
  params: { vsn: "2.0.0", nested: { a: ["1"] } },
  authToken: undefined,
  origin: undefined,
  remoteAddress: "192.0.2.7",
  headers: { "user-agent": "x" },
};

/** Two nodes with relays between them; clients come to b, sessions are on a. */
export class Pair {
  readonly cluster: TestCluster;
  readonly accepted: { readonly socket: RelaySocket; readonly request: UpgradeRequest }[] = [];
  readonly reports: Report[] = [];
  a: Relays;
  b: Relays;
  /** How many messages the relays have sent to each other. */
  told = 0;
  /** What node a does with a client that comes. */
  mode: "take" | "refuse" | "closed" = "take";

  private constructor(cluster: TestCluster) {
    this.cluster = cluster;
    this.a = this.relays("a");
    this.b = this.relays("b");
    this.serve();
  }

  static async create(seed = 1): Promise<Pair> {
    return new Pair(await createTestCluster({ nodes: ["a", "b"], seed }));
  }

  relays(name: string): Relays {
    const { cluster, system } = this.cluster.node(name);
    const { clock, random } = system;
    const tell = cluster.tell.bind(cluster);
    vi.spyOn(cluster, "tell").mockImplementation((node, service, value) => {
      if (service.startsWith("relay/")) this.told++;
      return tell(node, service, value);
    });
    return new Relays(cluster, { name: "endpoint", clock, random, report: (report) => void this.reports.push(report) });
  }

  /** Node a takes clients. */
  serve(): void {
    this.a.acceptWith((socket, request) => {
      if (this.mode === "closed") return "closed";
      this.accepted.push({ socket: socket as RelaySocket, request });
      events.set(socket, []);
      if (this.mode === "refuse") {
        socket.close(4205, "full");
        return Promise.resolve(undefined);
      }
      socket.pause();
      return this.#own(socket as RelaySocket);
    });
  }

  async #own(socket: RelaySocket): Promise<ActorRef<Owner>> {
    const ref = await this.cluster.node("a").system.start(Owner, socket);
    socket.owner = owner;
    socket.resume();
    return ref;
  }

  /** A client comes to b, and has said something. */
  async come(first = "hello"): Promise<Carried> {
    const { system } = this.cluster.node("b");
    const socket = new FakeSocket();
    const starting = system.start(Carrier, { socket });
    await this.settle();
    const carrier = await starting;
    const client = this.b.carry(this.cluster.node("a").cluster.self, {
      socket,
      request: REQUEST,
      connection: carrier,
      first: first === "nothing" ? undefined : first,
    });
    await this.settle();
    const far = this.accepted.at(-1)?.socket;
    if (far === undefined) throw new Error("nobody came");
    return {
      socket,
      carrier,
      client,
      far,
      events: events.get(far) ?? [],
      told: async () => {
        const told = carrier.call.told();
        await this.settle();
        return told;
      },
    };
  }

  /** Passes on what is on its way. */
  async settle(ms = 0): Promise<void> {
    for (let round = 0; round < 3; round++) await this.cluster.clock.settle();
    if (ms > 0) await this.cluster.clock.advance(ms);
  }

  async stop(): Promise<void> {
    this.a.close();
    this.b.close();
    await this.cluster.stop();
  }
}
