import { Channel, error, ok } from "../../../actors/index.js";
import { parseAnswer, type Welcome } from "../../../src/protocol/handshake.js";
import { createFakeEndpoint, type FakeEndpoint, type FakeEndpointOptions } from "../fake-endpoint.js";
import type { FakeSocket } from "../fake-socket.js";

/** A channel that says what it is told to, and fails when it is told to. */
class Room extends Channel {
  override join(params: unknown) {
    if (JSON.stringify(params).includes("refuse")) return error({ reason: "no" });
    if (JSON.stringify(params).includes("crash")) throw new Error("join crash");
    this.joinGroup("rooms");
    return ok({ in: this.topic });
  }

  override handleIn(event: string, payload: unknown) {
    if (event === "say") {
      this.broadcast("said", { payload });
      return undefined;
    }
    if (event === "crash") throw new Error("channel crash");
    if (event === "leave") {
      this.stop();
      return undefined;
    }
    if (event === "bad") return JSON.parse("42");
    return ok({ event, payload });
  }

  override handleInfo(message: unknown): void {
    this.push("news", { message });
  }
}

/** A client that has a session. */
export interface Welcomed extends Welcome {
  readonly socket: FakeSocket;
}

/** An endpoint that serves rooms. */
export function endpoint(options: Partial<FakeEndpointOptions> = {}): Promise<FakeEndpoint> {
  return createFakeEndpoint({ channels: { "room:*": Room }, ...options });
}

/** The welcome in the first frame that a socket was sent. */
export function welcomeOf(socket: FakeSocket): Welcome {
  const [frame] = socket.take();
  const answer = parseAnswer(Array.isArray(frame) ? frame[4] : undefined);
  if (answer.kind !== "welcome") throw new Error(`Expected a welcome, got ${JSON.stringify(frame)}`);
  return answer.welcome;
}

/** A client says hello and gets a new session. */
export async function hello(end: FakeEndpoint, extra: Record<string, unknown> = {}): Promise<Welcomed> {
  const { socket } = await end.connect();
  socket.arrive([null, "1", "phoenix", "hello", { v: 1, intent: "new", token: "ann", ...extra }]);
  await end.clock.settle();
  return { ...welcomeOf(socket), socket };
}

/** A client with a session that has joined `room:a`. */
export async function joined(end: FakeEndpoint, extra: Record<string, unknown> = {}): Promise<Welcomed> {
  const welcomed = await hello(end, extra);
  welcomed.socket.arrive(["3", "3", "room:a", "phx_join", {}, 1]);
  await end.clock.settle();
  welcomed.socket.take();
  return welcomed;
}

/** A frame without the acknowledgement that may ride along. */
export const numbered = (frame: unknown): unknown => (Array.isArray(frame) ? frame.slice(0, 6) : frame);

/** What a resuming client adds to its hello. */
export const resume = (
  { sid, secret, epoch }: Pick<Welcome, "sid" | "secret" | "epoch">,
  rx: number,
  txNext: number,
  txFirst = txNext,
) => ({
  intent: "resume",
  resume: { sid, secret, epoch, rx, txFirst, txNext },
});

/** A client that had joined `room:a`, and got nothing since, comes back with what it knows; its new socket, when all is answered. */
export async function comeBack(end: FakeEndpoint, client: Welcomed): Promise<FakeSocket> {
  const { socket } = await end.connect();
  socket.arrive([null, "1", "phoenix", "hello", { v: 1, token: "ann", ...resume(client, 1, 2) }]);
  await end.clock.settle();
  return socket;
}
