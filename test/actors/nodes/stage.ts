import {
  type Answer,
  Endpoint,
  isTopicMessage,
  type LocalPresence,
  type LocalTopics,
  ok,
  Presence,
  PresenceChannel,
  presenceOf,
  Router,
  routerOf,
  Topics,
  type TopicsOptions,
  topicsOf,
} from "../../../actors/index.js";
import { Socket } from "../../../src/client/index.js";
import { Actor, type ActorRef, type ActorSystem, type AnyRef, type Report } from "../../../src/index.js";
import { createFaultyNetwork, type FaultyNetwork } from "../../../src/testing/index.js";
import { createTestCluster, type TestCluster } from "../../../src/testing/test-cluster.js";

/** A room that shows who is there, says what a client says, and notes the gaps of which it is told. */
export class Room extends PresenceChannel {
  static override readonly retained = true;
  static gaps = 0;

  override join(params: { readonly name?: string }): Answer {
    if (params.name !== undefined) this.presence.track(params.name, {});
    return ok();
  }

  override handleIn(event: string, payload: object): undefined {
    if (event === "say") this.broadcast("said", payload);
    if (event === "tell") this.broadcastFrom("said", payload);
    return undefined;
  }

  override handleGap(): void {
    Room.gaps++;
  }
}

/** Hears what is published, as the text of each message with its topic. */
export class Listener extends Actor {
  readonly #heard: string[] = [];

  override handleInfo(message: unknown): void {
    if (!isTopicMessage(message)) return void this.#heard.push(JSON.stringify(message));
    const { topic, event, payload, retained } = message;
    if (event !== "said") return;
    const { text } = payload as { readonly text: string };
    this.#heard.push(`${topic} ${text}${retained ? " (retained)" : ""}`);
  }

  heard(): readonly string[] {
    return this.#heard.splice(0);
  }
}

/** A client, and what it has heard. */
export interface Client {
  readonly socket: Socket;
  readonly said: string[];
  readonly gaps: unknown[];
  /** What was said, with `gap` where it was told of one. */
  readonly events: string[];
  /** Who is there, as the client has put it together. */
  readonly here: Set<string>;
  say(text: string, event?: string): void;
}

/** Nodes of one cluster, each with an endpoint and its clients, on virtual time. */
export class NodesStage {
  readonly cluster: TestCluster;
  readonly #options: TopicsOptions;
  readonly #networks = new Map<string, FaultyNetwork>();
  readonly #presences = new Map<string, AnyRef>();
  readonly #clients: Client[] = [];

  private constructor(cluster: TestCluster, options: TopicsOptions) {
    this.cluster = cluster;
    this.#options = options;
  }

  static async create(names: readonly string[], options: TopicsOptions = {}, seed = 1): Promise<NodesStage> {
    const stage = new NodesStage(await createTestCluster({ nodes: names, seed }), options);
    for (const name of names) await stage.#serve(name);
    return stage;
  }

  /** Starts a node, or its next life. */
  async start(name: string): Promise<void> {
    await this.cluster.start(name);
    await this.#serve(name);
  }

  async #serve(name: string): Promise<void> {
    const { system } = this.cluster.node(name);
    const network = createFaultyNetwork({ clock: this.cluster.clock });
    this.#networks.set(name, network);
    const socket = { channels: { "room:*": Room } };
    await this.#done(system.start(Topics, this.#options));
    this.#presences.set(name, await this.#done(system.start(Presence, undefined)));
    await this.#done(system.start(Router, undefined));
    await this.#done(system.start(Endpoint, { createServer: network.createServer, socket }));
  }

  /** Stops the presence of a node in order, and starts another. */
  async restartPresence(node: string): Promise<void> {
    const presence = this.#presences.get(node);
    if (presence !== undefined) await this.#done(this.system(node).stopActor(presence));
    await this.settle();
    this.#presences.set(node, await this.#done(this.system(node).start(Presence, undefined)));
    await this.settle();
  }

  system(node: string): ActorSystem {
    return this.cluster.node(node).system;
  }

  /** The network between a node and its clients. */
  network(node: string): FaultyNetwork {
    const network = this.#networks.get(node);
    if (network === undefined) throw new RangeError(`no network for ${node}`);
    return network;
  }

  topics(node: string): LocalTopics {
    return topicsOf(this.system(node));
  }

  presence(node: string): LocalPresence {
    return presenceOf(this.system(node));
  }

  router(node: string): ReturnType<typeof routerOf> {
    return routerOf(this.system(node));
  }

  reports(node: string): readonly Report[] {
    return this.cluster.node(node).reports;
  }

  /** Who is in a room, as a node has it. */
  keys(node: string, topic = "room:1"): string[] {
    return Object.keys(this.presence(node).list(topic)).sort();
  }

  async listener(node: string, ...topics: string[]): Promise<ActorRef<Listener>> {
    const ref = await this.#done(this.system(node).start(Listener));
    for (const topic of topics) this.topics(node).subscribe(topic, ref);
    await this.cluster.clock.settle();
    return ref;
  }

  heard(ref: ActorRef<Listener>): Promise<readonly string[]> {
    return this.#done(ref.call.heard());
  }

  /** A client that has joined a room at a node; with a name it is present there. */
  async client(node: string, name?: string, topic = "room:1"): Promise<Client> {
    const network = this.network(node);
    const { clock } = this.cluster;
    const socket = new Socket(`${network.url}/socket`, {
      webSocket: network.WebSocket,
      clock,
      random: { next: () => 0.5 },
    });
    const channel = socket.channel(topic, name === undefined ? {} : { name });
    const client: Client = {
      socket,
      said: [],
      gaps: [],
      events: [],
      here: new Set(),
      say: (text, event = "say") => void channel.push(event, { text }),
    };
    channel.on("said", (payload) => {
      const { text } = payload as { readonly text: string };
      client.said.push(text);
      client.events.push(text);
    });
    channel.on("presence_state", (state) => {
      client.here.clear();
      for (const key of Object.keys(state as object)) client.here.add(key);
    });
    channel.on("presence_diff", (payload) => {
      const { joins, leaves } = payload as { readonly joins: object; readonly leaves: object };
      for (const key of Object.keys(leaves)) client.here.delete(key);
      for (const key of Object.keys(joins)) client.here.add(key);
    });
    channel.onGap((gap) => {
      client.gaps.push(gap);
      client.events.push("gap");
    });
    channel.join();
    socket.connect();
    this.#clients.push(client);
    await clock.advance(200);
    if (channel.state !== "joined") throw new Error(`the client is ${channel.state}`);
    return client;
  }

  async settle(ms = 200): Promise<void> {
    await this.cluster.clock.advance(ms);
  }

  /** Awaits what happens on virtual time. */
  async #done<Value>(promise: Promise<Value>): Promise<Value> {
    await this.cluster.clock.settle();
    return promise;
  }

  async stop(): Promise<void> {
    for (const { socket } of this.#clients) socket.disconnect();
    await this.settle(1_000);
    await this.cluster.stop();
  }
}
