import { type Answer, ok, Presence, PresenceChannel, presenceOf } from "holdfast/actors";
import { Presence as ClientPresence, Socket as OwnSocket } from "holdfast/client";
import { child } from "holdfast/supervisors";
import { type PhoenixEntry, Presence as PhoenixPresence, Socket, type Channel } from "phoenix";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { Cable } from "./cable.js";
import { type Served, serve } from "./served.js";

/** Names people by what the database would say. */
class Here extends Presence {
  override fetch(_topic: string, keys: readonly string[]): Map<string, object> {
    return new Map(keys.map((key) => [key, { name: key.toUpperCase() }]));
  }
}

class Room extends PresenceChannel {
  override join(params: unknown): void {
    this.presence.track(this.user ?? "guest", { device: JSON.stringify(params) });
  }

  override handleIn(event: string, payload: unknown): Answer {
    if (event === "status") this.presence.update(this.user ?? "guest", (meta) => ({ ...meta, status: payload }));
    if (event === "leave presence") this.presence.untrack();
    return ok();
  }
}

function server(): Promise<Served> {
  return serve({
    siblings: [child(Here, { id: "presence", args: { batchMs: 5 } })],
    socket: { channels: { "room:*": Room }, authenticate: ({ params }) => ({ user: String(params["name"]) }) },
  });
}

/** A person with a browser of its own, who sees who is there with the Presence of phoenix.js. */
class Person {
  readonly socket: Socket;
  readonly channel: Channel;
  readonly presence: PhoenixPresence;
  readonly events: string[] = [];
  #wake: () => void = () => undefined;

  constructor(url: string, name: string, params: object = {}) {
    this.socket = new Socket(url, { transport: WebSocket, params: { name }, reconnectAfterMs: () => 5 });
    onTestFinished(() => this.socket.disconnect());
    this.socket.connect();
    this.channel = this.socket.channel("room:1", params);
    const { channel } = this;
    this.presence = new PhoenixPresence({
      joinRef: () => channel.joinRef(),
      on: (event, callback) => void channel.on(event, (payload) => callback(payload as never)),
    });
    this.presence.onJoin((key, current) => this.events.push(`${key} ${current === undefined ? "comes" : "has more"}`));
    this.presence.onLeave((key, current) => {
      const left = (current as PhoenixEntry | undefined)?.metas.length ?? 0;
      this.events.push(`${key} ${left === 0 ? "goes" : `has ${left} left`}`);
    });
    this.presence.onSync(() => this.#wake());
    this.channel.join();
  }

  /** Who is there: the name that was fetched, and the devices. */
  get sees(): unknown {
    return PhoenixPresence.list(this.presence.state, (key, { metas, ...extra }) => [
      key,
      extra,
      metas.map((meta) => [meta["device"], meta["status"]].filter((each) => each !== undefined).join(" ")),
    ]);
  }

  async until(fits: () => boolean): Promise<void> {
    while (!fits()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async untilKeys(...keys: readonly string[]): Promise<void> {
    await this.until(() => Object.keys(this.presence.state).sort().join() === keys.join());
  }
}

describe("the Presence of phoenix.js", () => {
  it("sees who is there, who comes, and who goes, with what was fetched", async () => {
    const { url } = await server();
    const ada = new Person(url, "ada");
    await ada.untilKeys("ada");
    const bob = new Person(url, "bob");
    await Promise.all([ada.untilKeys("ada", "bob"), bob.untilKeys("ada", "bob")]);
    expect(ada.sees).toEqual([
      ["ada", { name: "ADA" }, ["{}"]],
      ["bob", { name: "BOB" }, ["{}"]],
    ]);
    bob.socket.disconnect();
    await ada.untilKeys("ada");
    expect(ada.events.filter((event) => event.startsWith("bob"))).toEqual(["bob comes", "bob goes"]);
  });

  it("sees one person with two devices as one, until the last has gone", async () => {
    const { url } = await server();
    const bob = new Person(url, "bob");
    await bob.untilKeys("bob");
    const [phone, laptop] = [new Person(url, "ada", { on: "phone" }), new Person(url, "ada", { on: "laptop" })];
    await bob.until(() => (bob.presence.state as Record<string, PhoenixEntry>)["ada"]?.metas.length === 2);
    phone.socket.disconnect();
    await bob.until(() => bob.events.includes("ada has 1 left"));
    expect(bob.sees).toContainEqual(["ada", { name: "ADA" }, ['{"on":"laptop"}']]);
    laptop.socket.disconnect();
    await bob.untilKeys("bob");
    expect(bob.events.filter((event) => event.startsWith("ada")).at(-1)).toBe("ada goes");
  });

  it("sees an update in place, and one who takes himself out", async () => {
    const { url } = await server();
    const [ada, bob] = [new Person(url, "ada"), new Person(url, "bob")];
    await ada.untilKeys("ada", "bob");
    bob.channel.push("status", "typing");
    await ada.until(() => JSON.stringify(ada.sees).includes("typing"));
    expect(ada.sees).toContainEqual(["bob", { name: "BOB" }, ["{} typing"]]);
    bob.channel.push("leave presence", {});
    await ada.untilKeys("ada");
  });

  it("has the whole of a topic that does not fit into one message", async () => {
    const { url, system } = await server();
    const presence = presenceOf(system);
    const owner = await system.start(Presence, { name: "owner" });
    for (let each = 0; each < 2_000; each++) presence.track("room:1", `user ${each}`, owner, { text: "x".repeat(50) });
    const ada = new Person(url, "ada");
    await ada.until(() => Object.keys(ada.presence.state).length === 2_001);
    expect(presence.count("room:1")).toBe(2_001);
  });
});

describe("the Presence of the own client", () => {
  it("goes on where it was after a drop, of which nobody else hears", async () => {
    const { url, port, system } = await server();
    const cable = await Cable.to(port);
    const bob = new Person(url, "bob");
    await bob.untilKeys("bob");
    const socket = new OwnSocket(cable.url, {
      webSocket: WebSocket,
      params: { name: "ada" },
      backoff: { baseMs: 5, capMs: 20 },
    });
    onTestFinished(() => socket.disconnect());
    socket.connect();
    const channel = socket.channel("room:1");
    const presence = new ClientPresence(channel);
    const keys = (): string => Object.keys(presence.state).sort().join();
    const until = (wanted: string): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (keys() === wanted) resolve();
        };
        presence.onSync(look);
        look();
      });
    channel.join();
    await Promise.all([until("ada,bob"), bob.untilKeys("ada", "bob")]);
    bob.events.length = 0;
    cable.unplug();
    // Meanwhile somebody comes.
    presenceOf(system).track("room:1", "eve", await system.start(Presence, { name: "owner" }));
    await bob.untilKeys("ada", "bob", "eve");
    cable.plug();
    await until("ada,bob,eve");
    expect(bob.events).toEqual(["eve comes"]);
    expect(presenceOf(system).get("room:1", "ada")?.metas).toMatchObject([{ phx_state: "online" }]);
  });
});
