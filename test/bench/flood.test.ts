import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import { WebSocketServer } from "ws";

const FLOOD = fileURLToPath(new URL("../../bench/load/flood.mjs", import.meta.url));
const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function listen(): Promise<{ server: WebSocketServer; port: number }> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
  ends.push(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  await once(server, "listening");
  const address = server.address();
  return { server, port: typeof address === "object" && address !== null ? address.port : 0 };
}

function flood(...words: string[]): { child: ChildProcess; output: () => string; errors: () => string } {
  const child = spawn(process.execPath, [FLOOD, ...words], { stdio: ["pipe", "pipe", "pipe"] });
  ends.push(() => child.kill("SIGKILL"));
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  return { child, output: () => output, errors: () => errors };
}

it("flood opens connections, has its echoes answered, and closes with 1000", async () => {
  const { server, port } = await listen();
  const codes: number[] = [];
  server.on("connection", (socket) => {
    socket.on("message", (data, binary) => socket.send(data, { binary }));
    socket.on("close", (code) => codes.push(code));
  });
  const run = flood(
    "--raw",
    "--port",
    String(port),
    "--url",
    "/",
    "--connections",
    "20",
    "--echo",
    "2",
    "--seconds",
    "1",
    "--json",
  );
  const [code] = await once(run.child, "close");
  expect(run.errors()).not.toContain("failed:");
  expect(JSON.parse(run.output())).toMatchObject({
    opened: 20,
    joined: 20,
    failed: 0,
    lost: 0,
    echoesPerSecond: expect.any(Number),
  });
  expect(code).toBe(0);
  expect(codes).toEqual(new Array(20).fill(1000));
});

it("flood speaks the session: hello, numbered join, an ack for a ping", async () => {
  const { server, port } = await listen();
  const heard: unknown[] = [];
  const acked = new Promise<void>((resolve) => {
    server.on("connection", (socket) => {
      socket.on("message", (data) => {
        const frame: unknown[] = JSON.parse(String(data));
        heard.push(frame);
        const [, ref, topic, event] = frame;
        const ok = { status: "ok", response: {} };
        if (event === "hello") socket.send(JSON.stringify([null, ref, topic, "phx_reply", ok]));
        if (event === "phx_join") {
          socket.send(JSON.stringify([ref, ref, topic, "phx_reply", ok, 1]));
          socket.send(JSON.stringify([null, null, "phoenix", "ping", {}]));
        }
        if (event === "ack") resolve();
      });
    });
  });
  const run = flood("--port", String(port), "--connections", "1", "--topic", "room:1", "--hold");
  await acked;
  run.child.stdin?.write("stop\n");
  expect(await once(run.child, "close")).toEqual([0, null]);
  expect(heard).toEqual([
    [null, "h", "phoenix", "hello", { v: 1, intent: "new", params: {} }],
    ["1", "1", "room:1", "phx_join", {}, 1],
    [null, null, "phoenix", "ack", { ack: 1 }],
  ]);
});

it("flood says why connections failed, and exits with 1", async () => {
  const { server, port } = await listen();
  server.on("connection", (socket) => socket.close(4003, "no"));
  const run = flood("--port", String(port), "--connections", "3");
  const [code] = await once(run.child, "close");
  expect(run.errors()).toContain("3 x closed by the server with 4003 no");
  expect(code).toBe(1);
});

it("flood refuses any other machine", async () => {
  const run = flood("--host", "192.0.2.1");
  const [code] = await once(run.child, "close");
  expect(run.errors()).toContain('--host expects a loopback address (localhost, 127.x.y.z or ::1), got "192.0.2.1"');
  expect(code).toBe(2);
});
