import type { EndpointOptions } from "holdfast/actors";
import { expect } from "vitest";
import type { ResumeRequest, Welcome } from "../../src/protocol/handshake.js";
import { Diary, roomClass } from "../integration/rooms.js";
import { type Served, serve } from "../integration/served.js";
import { WireClient } from "../integration/wire-client.js";
import { RawClient, upgradeRequest } from "../transport/raw-client.js";

/** A server that is about to be attacked. */
export interface Attacked extends Served {
  /** What its channels heard. */
  readonly diary: Diary;
}

/** A real endpoint on the loopback, with rooms; the token of a client is its user. */
export async function attacked(
  options: Omit<EndpointOptions, "socket"> & { socket?: Partial<NonNullable<EndpointOptions["socket"]>> } = {},
): Promise<Attacked> {
  const diary = new Diary();
  const { socket, ...rest } = options;
  const channels = { "room:*": roomClass(diary), "*": roomClass(diary) };
  const authenticate = ({ token }: { readonly token: string | undefined }) =>
    token === undefined ? {} : { user: token };
  return { diary, ...(await serve({ ...rest, socket: { channels, authenticate, ...socket } })) };
}

/** Where the WebSocket of channels is. */
export const SOCKET_PATH = "/socket/websocket?vsn=2.0.0";

/** Sends bytes that stand for a whole request, and gives the first line of the answer; "" when the server just hangs up. */
export async function answerTo(port: number, request: string): Promise<string> {
  const client = await RawClient.connect(port);
  client.socket.write(request);
  client.socket.end();
  const answer = await client.rest();
  client.destroy();
  return answer.split("\r\n")[0] ?? "";
}

/** The first line of the answer to an upgrade. */
export async function upgradeAnswer(port: number, path: string, headers: readonly string[] = []): Promise<string> {
  const client = await RawClient.connect(port);
  client.socket.write(upgradeRequest(path, headers));
  const head = await client.head();
  client.destroy();
  return head.split("\r\n")[0] ?? "";
}

/** The server is as good as new for somebody else. */
export async function expectToServe(url: string): Promise<void> {
  const { client } = await WireClient.open(url);
  const ref = client.send(1, "room:sound", "phx_join");
  expect(await client.next((frame) => frame.ref === ref)).toMatchObject({ payload: { status: "ok" } });
  const echo = client.send(2, "room:sound", "echo", { still: "here" }, ref);
  expect(await client.next((frame) => frame.ref === echo)).toMatchObject({
    payload: { status: "ok", response: { payload: { still: "here" } } },
  });
  client.drop();
}

/** A resume of that session, by a client that has seen nothing and sent nothing. */
export function resumeOf(
  { sid, secret, epoch }: Pick<Welcome, "sid" | "secret" | "epoch">,
  changes: Partial<ResumeRequest> = {},
): { intent: "resume"; resume: ResumeRequest } {
  return { intent: "resume", resume: { sid, secret, epoch, rx: 0, txFirst: 1, txNext: 1, ...changes } };
}

/** Tells whether a frame is the reply to that ref. */
export const isReplyTo = (ref: string) => (frame: { readonly ref: string | null }) => frame.ref === ref;
