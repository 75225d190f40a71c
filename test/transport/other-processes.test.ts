import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { get, type IncomingMessage, request } from "node:http";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { PASSED_FOR } from "../../src/transport/other-processes.js";
import { HttpClient } from "./http-client.js";
import { type Served, serve } from "./served.js";

const PATH = "/socket/longpoll?vsn=2.0.0";

interface Shared {
  readonly one: Served;
  readonly two: Served;
  /** Each request comes on a connection of its own. */
  readonly http: HttpClient;
  readonly port: number;
  /** Whom the next connection goes to. */
  next: "one" | "two";
  path(name: string): string;
}

/** Two servers that share a port. */
async function shared(): Promise<Shared> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-doors-"));
  const takers = new Map<string, (socket: Socket) => void>();
  const listener = createServer((socket) => {
    const take = takers.get(stage.next);
    if (take === undefined) socket.destroy();
    else take(socket);
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  onTestFinished(async () => {
    listener.close();
    await rm(folder, { recursive: true, force: true });
  });
  const path = (name: string): string => join(folder, `${name}.sock`);
  const served = (name: string): Promise<Served> =>
    serve({
      pollWindowMs: 300,
      incoming: {
        open: async (_, take) => {
          takers.set(name, take);
          const pathOf = (other: string): string | undefined => (other === "none" ? undefined : path(other));
          return { port, path: path(name), name, pathOf, close: () => takers.delete(name) };
        },
      },
    });
  const stage: Shared = {
    one: await served("one"),
    two: await served("two"),
    http: new HttpClient(port),
    port,
    next: "one",
    path,
  };
  return stage;
}

const CLOSE = { connection: "close" };

interface Body {
  readonly status: number;
  readonly token: string;
  readonly messages: readonly string[];
}

it("a poll that comes to another process than its conversation gets its answer, and loses nothing", async () => {
  const stage = await shared();
  const { http, one, two } = stage;
  const first = (await http.get(PATH, CLOSE)).json as Body;
  expect(first.token).toMatch(/^one~[\w-]{36}\.0$/);
  const { socket, owner } = await one.accepted();
  let { token } = first;
  const heard: string[] = [];
  for (let n = 0; n < 20; n++) {
    stage.next = n % 2 === 0 ? "two" : "one";
    const posted = await http.post(`${PATH}&token=${token}`, [`["up",${n}]`], CLOSE);
    expect(posted.json).toEqual({ status: 200 });
    expect(await owner.nextText()).toBe(`["up",${n}]`);
    socket.sendText(`down ${n} \u00e9`);
    const polled = (await http.get(`${PATH}&token=${token}`, CLOSE)).json as Body;
    heard.push(...polled.messages);
    ({ token } = polled);
  }
  expect(heard).toEqual(Array.from({ length: 20 }, (_, n) => `down ${n} \u00e9`));
  expect([one.errors, two.errors]).toEqual([[], []]);
});

it("a poll is told who its client is only by the process that has its connection", async () => {
  const stage = await shared();
  const { http, one } = stage;
  await http.get(PATH, { ...CLOSE, [PASSED_FOR]: "192.0.2.66" });
  const { request: asked } = await one.accepted();
  expect(asked.remoteAddress).toBe("127.0.0.1");
  const passed = request({
    socketPath: stage.path("one"),
    path: PATH,
    headers: { [PASSED_FOR]: "192.0.2.7" },
    agent: false,
  });
  passed.end();
  await once(passed, "response");
  expect((await one.accepted()).request.remoteAddress).toBe("192.0.2.7");
  passed.destroy();
});

it("messages for an event stream reach it through another process, also those with numbers", async () => {
  const stage = await shared();
  const { http, one } = stage;
  const sent = get({ host: "127.0.0.1", port: stage.port, path: "/socket/events" });
  onTestFinished(() => void sent.destroy());
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  answer.on("error", () => answer.destroy());
  const token = String(answer.headers["x-stream-token"]);
  const { owner } = await one.accepted();
  stage.next = "two";
  const path = `/socket/send?stream=${token}`;
  expect((await http.post(`${path}&n=1`, ['["a"]', '["b"]'], CLOSE)).json).toEqual({ ok: true });
  expect((await http.post(`${path}&n=1`, ['["a"]', '["b"]'], CLOSE)).json).toEqual({ ok: true });
  expect((await http.post(`${path}&n=3`, ['["c"]'], CLOSE)).status).toBe(409);
  expect([await owner.nextText(), await owner.nextText(), owner.waiting]).toEqual(['["a"]', '["b"]', []]);
});

it("a client that goes away ends its poll in the other process, which loses nothing", async () => {
  const stage = await shared();
  const { http, one } = stage;
  const { token } = (await http.get(PATH, CLOSE)).json as Body;
  const { socket } = await one.accepted();
  stage.next = "two";
  const gone = new AbortController();
  const aborted = http.get(`${PATH}&token=${token}`, CLOSE, gone.signal);
  await http.get("/health", CLOSE);
  gone.abort();
  await expect(aborted).rejects.toThrow("aborted");
  socket.sendText("after");
  const { messages } = (await http.get(`${PATH}&token=${token}`, CLOSE)).json as Body;
  expect(messages).toEqual(["after"]);
});

it.each(["none", "dead"])("where the process of a conversation is gone (%s), so is the conversation", async (name) => {
  const stage = await shared();
  const token = `${name}~${"x".repeat(36)}`;
  const polled = await stage.http.get(`${PATH}&token=${token}.3`, CLOSE);
  expect(polled.json).toEqual({ status: 410, token: null, messages: [] });
  expect((await stage.http.post(`${PATH}&token=${token}`, ["[1]"], CLOSE)).json).toMatchObject({ status: 410 });
  expect((await stage.http.post(`/socket/send?stream=${token}`, ["[1]"], CLOSE)).status).toBe(410);
});

it("what was passed on once is not passed on again", async () => {
  const stage = await shared();
  const path = `${PATH}&token=two~${"x".repeat(36)}.0`;
  const passed = request({ socketPath: stage.path("one"), path, agent: false });
  passed.end();
  const [answer] = (await once(passed, "response")) as [IncomingMessage];
  const chunks = await answer.toArray();
  expect(JSON.parse(Buffer.concat(chunks as Buffer[]).toString())).toMatchObject({ status: 410 });
});

it("a body that is too large is refused as it is without the detour", async () => {
  const stage = await shared();
  const { token } = (await stage.http.get(PATH, CLOSE)).json as Body;
  await stage.one.accepted();
  stage.next = "two";
  const body = "x".repeat(100_000);
  const refused = await stage.http.post(`${PATH}&token=${token}`, [body], CLOSE);
  stage.next = "one";
  const direct = await stage.http.post(`${PATH}&token=${token}`, [body], CLOSE);
  expect(refused.json).toEqual(direct.json);
});

it("a token with a process is none where a server is alone with its port", async () => {
  const server = await serve();
  const http = new HttpClient(server.port);
  const { token } = (await http.get(PATH)).json as Body;
  expect(token).toMatch(/^[\w-]{36}\.0$/);
  expect((await http.get(`${PATH}&token=one~${token}`)).json).toMatchObject({ status: 410 });
});
