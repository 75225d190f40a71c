import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { connectInspector } from "../../../src/inspect/protocol/inspector-client.js";
import { encodeError, encodeResult } from "../../../src/inspect/protocol/messages.js";
import { privateDirectory } from "../private-directory.js";
import { containing } from "../matchers.js";

const TREE = { method: "tree", params: { all: false } } as const;

/** A server that does with each connection what the test says; returns its path. */
async function serve(onSocket: (socket: Socket) => void): Promise<string> {
  const path = join(await privateDirectory(), "s.sock");
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    // What the client breaks off may reset the connection: that is its business here.
    socket.on("error", () => socket.destroy());
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return path;
}

/** A server that answers each question with the text. */
function answering(text: string): Promise<string> {
  return serve((socket) => socket.on("data", () => socket.write(text)));
}

describe("a client of the inspector", () => {
  it("asks, and gets each answer to its own question", async () => {
    const path = await serve((socket) => {
      let id = 0;
      socket.on("data", () => socket.write(encodeResult(++id, `{"n":${id}}`)));
    });
    const client = await connectInspector(path);
    onTestFinished(() => client.close());
    expect(await client.ask(TREE)).toEqual({ n: 1 });
    expect(await client.ask(TREE)).toEqual({ n: 2 });
  });

  it("cannot connect where no socket is", async () => {
    const path = join(await privateDirectory(), "none.sock");
    await expect(connectInspector(path)).rejects.toMatchObject({
      code: "no_server",
      message: containing("there is no such socket"),
    });
  });

  it.each([
    ["is no reply", "hello\n", "protocol"],
    ["is the answer to another question", encodeResult(99, "1"), "protocol"],
    ["speaks another version", '{"v":2,"id":1,"ok":true,"result":1}\n', "protocol"],
    ["is an error", encodeError(1, { code: "no_such_actor", message: "none" }), "refused"],
    ["is an error for nobody", encodeError(null, { code: "too_many_clients", message: "full" }), "refused"],
  ])("fails when the answer %s", async (_, text, code) => {
    const client = await connectInspector(await answering(text));
    onTestFinished(() => client.close());
    await expect(client.ask(TREE)).rejects.toMatchObject({ code });
  });

  it("fails when the server hangs up, for this question and all after it", async () => {
    const client = await connectInspector(await serve((socket) => socket.on("data", () => socket.destroy())));
    await expect(client.ask(TREE)).rejects.toMatchObject({ code: "connection_lost" });
    await expect(client.ask(TREE)).rejects.toMatchObject({ code: "connection_lost" });
  });

  it("fails when the server does not answer in time", async () => {
    const client = await connectInspector(await serve(() => undefined), { timeoutMs: 20 });
    await expect(client.ask(TREE)).rejects.toMatchObject({
      code: "no_answer",
      message: containing("did not answer within 20 ms"),
    });
  });

  it("asks one question at a time", async () => {
    const client = await connectInspector(await serve(() => undefined));
    const first = client.ask(TREE);
    await expect(client.ask(TREE)).rejects.toThrow("one question at a time");
    client.close();
    await expect(first).rejects.toMatchObject({ code: "connection_lost" });
  });
});
