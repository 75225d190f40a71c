import { vi } from "vitest";
import { Channel, Endpoint, type EndpointOptions, ok } from "../../../actors/index.js";
import { decodeHome } from "../../../actors/home/home-record.js";
import { HomeTable } from "../../../actors/home/home-table.js";
import type { Whereabouts } from "../../../actors/home/homes.js";
import type { AnyRef, Report } from "../../../src/index.js";
import { cellOf } from "../../../src/kernel/cell.js";
import { memoryStoreFolders, type MemoryStoreFolders } from "../../../src/store/memory-store-folders.js";
import type { StoreFolder } from "../../../src/store/store-folder.js";
import type { Store } from "../../../src/store/store-port.js";
import { clusterOf } from "../../../src/cluster/cluster.js";
import { Socket } from "../../../src/client/index.js";
import { createFaultyNetwork, createTestSystem, type FaultyNetwork } from "../../../src/testing/index.js";
import { createTestCluster, type TestCluster, type TestNode } from "../../../src/testing/test-cluster.js";

/** Keeps what its client says. */
class Room extends Channel {
  #said: unknown[] = [];

  override handleIn(event: string, payload: unknown) {
    if (event === "say") this.#said.push(payload);
    return ok({ said: this.#said });
  }

  override saveState(): unknown {
    return this.#said;
  }

  override handleRestore(state: unknown): void {
    this.#said = Array.isArray(state) ? state : [];
  }
}

type RawSocket = InstanceType<ReturnType<FaultyNetwork["webSocket"]>>;

/** What a client keeps of its session. */
export interface Held {
  readonly sid: string;
  readonly secret: string;
}

/** What a client that says hello is answered, or how its socket is closed. */
export interface Greeting {
  readonly socket: RawSocket;
  readonly response: (Held & { readonly resumed: boolean; readonly reason?: string }) | undefined;
  readonly close: { readonly code: number; readonly reason: string; readonly retryAfterMs?: number } | undefined;
}

/** How the sessions of a stage are kept. */
export type Keeping = "memory" | "folder" | ((node: string) => Store | StoreFolder);

/** Nodes of one cluster, each with an endpoint, on virtual time. */
export class HomesStage {
  readonly cluster: TestCluster;
  readonly folders: MemoryStoreFolders = memoryStoreFolders();
  readonly #keeping: Keeping;
  readonly #networks = new Map<string, FaultyNetwork>();
  readonly #tables = new Map<string, HomeTable>();
  readonly #endpoints = new Map<string, AnyRef>();
  readonly #spy = vi.spyOn(HomeTable.prototype, "begin");
  #greetings = 0;

  private constructor(cluster: TestCluster, keeping: Keeping) {
    this.cluster = cluster;
    this.#keeping = keeping;
  }

  static async create(nodes: readonly string[], keeping: Keeping = "folder", seed = 1): Promise<HomesStage> {
    const stage = new HomesStage(await createTestCluster({ nodes, seed }), keeping);
    for (const name of nodes) await stage.serve(name);
    return stage;
  }

  /** Starts a node, or its next life, with an endpoint. */
  async start(name: string): Promise<void> {
    await this.cluster.start(name);
    await this.serve(name);
  }

  /** Starts the endpoint of a node. */
  async serve(name: string): Promise<void> {
    const { system } = this.node(name);
    const network = createFaultyNetwork({ clock: this.cluster.clock });
    this.#networks.set(name, network);
    const store =
      this.#keeping === "folder" ? this.folders.at(name) : this.#keeping === "memory" ? undefined : this.#keeping(name);
    const options: EndpointOptions = {
      createServer: network.createServer,
      socket: {
        channels: { "room:*": Room },
        authenticate: ({ token }) => (token === undefined ? undefined : { user: token }),
        ...(store === undefined ? {} : { store }),
      },
    };
    const started = system.start(Endpoint, options);
    let isStarted = false;
    const ended = (): void => {
      isStarted = true;
    };
    started.then(ended, ended);
    await this.cluster.clock.settle();
    for (let waited = 0; waited < 30_000 && !isStarted; waited += 100) await this.cluster.clock.advance(100);
    this.#endpoints.set(name, await started);
    const { incarnation } = this.node(name).cluster.self;
    const begun = this.#spy.mock.calls.findIndex(([, , source]) => source.self.incarnation === incarnation);
    const table = this.#spy.mock.contexts[begun];
    if (table instanceof HomeTable) this.#tables.set(name, table);
    await this.settle();
  }

  node(name: string): TestNode {
    return this.cluster.node(name);
  }

  network(name: string): FaultyNetwork {
    const network = this.#networks.get(name);
    if (network === undefined) throw new RangeError(`no network for ${name}`);
    return network;
  }

  table(name: string): HomeTable {
    const table = this.#tables.get(name);
    if (table === undefined) throw new RangeError(`no homes on ${name}`);
    return table;
  }

  /** The home of the sessions that begin on a node. */
  home(name: string): string {
    return this.table(name).own;
  }

  /** What a node says of a session, in short: the node for `elsewhere`. */
  where(name: string, sid: string): Whereabouts["kind"] | `at ${string}` {
    const found = this.table(name).find(sid);
    return found.kind === "elsewhere" ? `at ${found.node.name}` : found.kind;
  }

  /** Who owns which home, by the register: `a main` for node a with the store main. */
  async owners(by = "a"): Promise<Record<string, string>> {
    const owners: Record<string, string> = {};
    for (const { home, owner } of await this.entries(by)) owners[home] = owner;
    return owners;
  }

  /** What the register has of homes, as a node reads it. */
  async entries(by = "a"): Promise<{ readonly home: string; readonly owner: string; readonly revision: number }[]> {
    const entries = await this.node(by).cluster.register.list("home/endpoint/");
    return entries.flatMap(({ key, value, revision }) => {
      const record = decodeHome(value);
      const home = key.slice("home/endpoint/".length);
      return record === undefined ? [] : [{ home, owner: `${record.node.name} ${record.store}`.trim(), revision }];
    });
  }

  /** What the register has of a home at this moment. */
  register(home: string): { readonly owner: string; readonly revision: number } | undefined {
    const entry = this.cluster.network.entry(`home/endpoint/${home}`);
    const record = entry === undefined ? undefined : decodeHome(entry.value);
    if (entry === undefined || record === undefined) return undefined;
    return { owner: `${record.node.name} ${record.store}`.trim(), revision: entry.revision };
  }

  reports(name: string, type: string): readonly Report[] {
    return this.node(name).reports.filter((report) => report.type === type);
  }

  status(name: string): unknown {
    const ref = this.node(name).system.whereis("endpoint.homes");
    return ref === undefined ? undefined : cellOf(ref).actor?.formatStatus();
  }

  endpoint(name: string): AnyRef {
    const endpoint = this.#endpoints.get(name);
    if (endpoint === undefined) throw new RangeError(`no endpoint on ${name}`);
    return endpoint;
  }

  /** A client says hello at a node, with the session that it had or for a new one. */
  async greet(name: string, held?: Held, waitMs = 100): Promise<Greeting> {
    const network = this.network(name);
    const socket = new network.WebSocket(`${network.url}/socket/websocket?vsn=2.0.0`);
    const ref = `hello-${++this.#greetings}`;
    let response: Greeting["response"];
    let close: Greeting["close"];
    socket.onmessage = ({ data }) => {
      const [, repliesTo, , , payload] = JSON.parse(String(data)) as readonly unknown[];
      if (repliesTo !== ref) return;
      const { status, response: body } = payload as {
        readonly status: string;
        readonly response: Greeting["response"];
      };
      if (status === "ok") response = body;
    };
    socket.onclose = ({ code, reason }) => {
      close = { code, ...(JSON.parse(reason === "" ? '{"reason":""}' : reason) as { readonly reason: string }) };
    };
    await this.settle(10);
    const rest = held === undefined ? { intent: "new" } : { intent: "resume", resume: { ...held, ...AT_THE_START } };
    socket.send(JSON.stringify([null, ref, "phoenix", "hello", { v: 1, token: "ann", ...rest }]));
    await this.settle(waitMs);
    return { socket, response, close };
  }

  /** The process of a node ends without a word; its parent has seen it, or nobody has. */
  async kill(name: string, known = true): Promise<void> {
    this.#networks.get(name)?.killServer();
    await this.cluster.kill(name, { known });
  }

  /** Stops a node in order. */
  async end(name: string): Promise<void> {
    await this.node(name).system.stop();
  }

  async settle(ms = 200): Promise<void> {
    await this.cluster.clock.advance(ms);
  }

  async stop(): Promise<void> {
    this.#spy.mockRestore();
    await this.cluster.stop();
  }
}

const AT_THE_START = { epoch: 1, rx: 0, txFirst: 1, txNext: 1 };

/** The public id of a session where there is no cluster, though somebody has asked for it, and whether anybody keeps homes there. */
export async function bareSession(): Promise<{ readonly sid: string; readonly hasHomes: boolean }> {
  const test = await createTestSystem();
  const network = createFaultyNetwork({ clock: test.clock });
  clusterOf(test.system);
  await test.system.start(Endpoint, { createServer: network.createServer, socket: { channels: { "room:*": Room } } });
  const socket = new Socket(`${network.url}/socket`, { webSocket: network.WebSocket, clock: test.clock });
  socket.connect();
  await test.clock.advance(1_000);
  const sid = socket.sessionId ?? "";
  socket.disconnect();
  await test.clock.advance(1_000);
  const hasHomes = test.system.whereis("endpoint.homes") !== undefined;
  await test.stop();
  return { sid, hasHomes };
}
