import type { ChannelClass } from "../../../actors/channel/channel.js";
import { Channel, Endpoint, type EndpointOptions, error, ok } from "../../../actors/index.js";
import type { ActorSystem, Report } from "../../../src/index.js";
import { cellOf } from "../../../src/kernel/cell.js";
import { type Channel as ClientChannel, Socket } from "../../../src/client/index.js";
import { memoryStore } from "../../../src/store/memory-store.js";
import type { Store } from "../../../src/store/store-port.js";
import { createFaultyNetwork, createTestSystem, FaultyStore } from "../../../src/testing/index.js";

/** Keeps what its client says, and tells all others. */
class Room extends Channel {
  #said: unknown[] = [];

  override handleIn(event: string, payload: unknown) {
    if (event === "said") return ok({ said: this.#said, restored: this.isRestored });
    this.#said.push(payload);
    this.broadcastFrom("said", { payload });
    return ok({ push: this.pushId });
  }

  override saveState(): unknown {
    return this.#said;
  }

  override handleRestore(state: unknown): void {
    this.#said = Array.isArray(state) ? state : [];
  }
}

/** Says how it was joined, and refuses to be joined again when it was told so. */
class Plain extends Channel {
  override join(params: unknown) {
    if (this.isRestored && JSON.stringify(params).includes("once")) return error({ reason: "once" });
    if (this.isRestored && JSON.stringify(params).includes("crash")) throw new Error("no");
    return ok();
  }

  override handleIn() {
    return ok({ restored: this.isRestored });
  }
}

const CHANNELS: Readonly<Record<string, ChannelClass>> = { "room:*": Room, "plain:*": Plain };

interface Credentials {
  readonly token: string | undefined;
  readonly params: Readonly<Record<string, unknown>>;
}

type RawSocket = InstanceType<ReturnType<ReturnType<typeof createFaultyNetwork>["webSocket"]>>;

/** A client of raw frames. */
export class RawClient {
  readonly socket: RawSocket;
  readonly closes: string[] = [];
  readonly #frames: unknown[] = [];

  constructor(socket: RawSocket) {
    this.socket = socket;
    socket.onmessage = ({ data }) => {
      this.#frames.push(typeof data === "string" ? JSON.parse(data) : new Uint8Array(data));
    };
    socket.onclose = ({ code, reason }) => this.closes.push(`${code} ${reason}`);
  }

  say(...frame: unknown[]): void {
    this.socket.send(JSON.stringify(frame));
  }

  /** What has come since the last time. */
  take(): unknown[] {
    return this.#frames.splice(0);
  }
}

/** A world of one network and one disk, in which servers come and go. */
export async function world(
  assigns: Record<string, unknown> = {},
  more: Partial<Pick<NonNullable<EndpointOptions["socket"]>, "limits" | "channels">> = {},
) {
  const test = await createTestSystem();
  const { clock } = test;
  const disk = memoryStore();
  const network = createFaultyNetwork({ clock });
  let present: { readonly system: ActorSystem; readonly store: FaultyStore } | undefined;
  const reports: Report[] = [];
  const serve = async (store: Store = disk, channels = { ...CHANNELS, ...more.channels }): Promise<FaultyStore> => {
    const faulty = new FaultyStore(store, { clock });
    const args = {
      createServer: network.createServer,
      socket: {
        channels,
        limits: more.limits ?? {},
        // A stock client names its user in the URL; who calls himself nobody is anonymous.
        authenticate: ({ token, params }: Credentials) => {
          const user = token ?? params["user"];
          if (typeof user !== "string") return undefined;
          return user === "nobody" ? {} : { user, assigns };
        },
        store: faulty,
      },
    };
    const life = await createTestSystem({ clock, reporter: (report: Report) => void reports.push(report) });
    clock.attach(life.system);
    await life.system.start(Endpoint, args);
    present = { system: life.system, store: faulty };
    return faulty;
  };
  const kill = async (keep = 0): Promise<void> => {
    await present?.store.crash({ keep });
    network.killServer();
  };
  const connect = (name: string): { socket: Socket; lost: string[] } => {
    const lost: string[] = [];
    const socket = new Socket(`${network.url}/socket`, {
      webSocket: network.webSocket(name),
      clock,
      token: name,
      timeoutMs: 1_000_000,
    });
    socket.onSessionLost(({ reason }) => lost.push(reason));
    socket.connect();
    return { socket, lost };
  };
  const raw = async (query = ""): Promise<RawClient> => {
    const WebSocket = network.webSocket("raw");
    const client = new RawClient(new WebSocket(`${network.url}/socket/websocket?vsn=2.0.0${query}`));
    await clock.advance(1_000);
    return client;
  };
  const system = (): ActorSystem => {
    if (present === undefined) throw new Error("nobody serves");
    return present.system;
  };
  const stop = async (): Promise<void> => {
    let stopped = false;
    const stopping = system()
      .stop()
      .then(() => {
        stopped = true;
      });
    for (let second = 0; second < 100 && !stopped; second++) await clock.advance(1_000);
    await stopping;
  };
  return { stop, clock, disk, network, serve, kill, connect, raw, system, reports: () => reports };
}

/** What the inspector shows of a named actor. */
export function statusOf(system: ActorSystem, name: string): unknown {
  const ref = system.whereis(name);
  return ref === undefined ? undefined : cellOf(ref).actor?.formatStatus();
}

/** Waits for the reply to a push, while time passes. */
export async function reply(
  clock: { advance(ms: number): Promise<void> },
  channel: ClientChannel,
  event: string,
  payload: object,
) {
  let answer: unknown;
  channel
    .push(event, payload)
    .receive("ok", (response) => (answer = response))
    .receive("error", (response) => (answer = { error: response }));
  for (let i = 0; i < 60 && answer === undefined; i++) await clock.advance(1_000);
  return answer;
}
