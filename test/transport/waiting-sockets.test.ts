import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { createHttpServer, type Listening } from "../../src/transport/http-server.js";
import type { HttpServerOptions } from "../../src/transport/http-options.js";
import type { TransportSocket } from "../../src/transport/transport-socket.js";
import { RawClient, upgradeRequest } from "./raw-client.js";
import { RecordingOwner } from "./recording-owner.js";

const HEALTH = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";

interface Stage {
  readonly server: Listening;
  dial(address?: string): Promise<Socket>;
  /** Whether a connection from there is cut before it has said anything; it is closed in any case. */
  isCut(address?: string): Promise<boolean>;
}

async function stage(options: Partial<HttpServerOptions>): Promise<Stage> {
  const sockets: Socket[] = [];
  const accepted: TransportSocket[] = [];
  const accept = (socket: TransportSocket): void => {
    socket.owner = new RecordingOwner();
    accepted.push(socket);
  };
  const server = await createHttpServer({
    port: 0,
    host: "127.0.0.1",
    mounts: [{ path: "/raw", protocol: "raw", accept }],
    ...options,
  }).listen();
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    for (const socket of accepted) socket.terminate();
    await server.close();
  });
  const open = (address = "127.0.0.1"): Socket => {
    const socket = connect({ port: server.port, host: "127.0.0.1", localAddress: address, noDelay: true });
    sockets.push(socket);
    socket.on("error", () => socket.destroy());
    return socket;
  };
  const dial = async (address?: string): Promise<Socket> => {
    const socket = open(address);
    await once(socket, "connect");
    return socket;
  };
  const isCut = async (address?: string): Promise<boolean> => {
    const socket = open(address);
    const gone = closed(socket);
    const answered = new Promise<void>((resolve) => socket.once("data", () => resolve()));
    socket.write(HEALTH);
    const cut = await Promise.race([answered.then(() => false), gone.then(() => true)]);
    socket.destroy();
    await gone;
    return cut;
  };
  return { server, dial, isCut };
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

async function answerTo(socket: Socket, request: string): Promise<string> {
  socket.write(request);
  const [answer] = await once(socket, "data");
  return String(answer);
}

describe("connections that say nothing", () => {
  it("are cut when they are too many, and the others stay", async () => {
    const { server, dial, isCut } = await stage({ waitingConnections: 3 });
    const silent = [await dial(), await dial(), await dial()];
    expect(await isCut()).toBe(true);
    expect(server.waiting).toEqual({ waiting: 3, refused: 1 });
    expect(await answerTo(silent[0] as Socket, HEALTH)).toContain("200 OK");
  });

  it("are cut when there are too many of one address, and those of others are not", async () => {
    const { dial, isCut } = await stage({ waitingPerAddress: 2 });
    await dial("127.0.0.2");
    await dial("127.0.0.2");
    expect(await isCut("127.0.0.2")).toBe(true);
    expect(await isCut("127.0.0.3")).toBe(false);
  });

  it("may be as many as there is room for when they come from an exempt address", async () => {
    const { dial, isCut } = await stage({
      waitingPerAddress: 1,
      waitingConnections: 4,
      isExemptAddress: (address) => address === "127.0.0.2",
    });
    for (let i = 0; i < 3; i++) await dial("127.0.0.2");
    expect(await isCut("127.0.0.2")).toBe(false);
  });

  it("make room when they end", async () => {
    const { server, dial, isCut } = await stage({ waitingConnections: 1 });
    const silent = await dial();
    expect(await isCut()).toBe(true);
    silent.end();
    await closed(silent);
    expect(await isCut()).toBe(false);
    expect(server.waiting?.refused).toBe(1);
  });

  it("are all gone when the time for their headers is over, however many bytes they drip", async () => {
    const { server, dial, isCut } = await stage({
      headersTimeoutMs: 100,
      requestTimeoutMs: 200,
      waitingConnections: 30,
    });
    const slow = await Promise.all(Array.from({ length: 30 }, () => dial()));
    const ended = slow.map((socket, i) => {
      const dripping = setInterval(() => socket.write(i % 2 === 0 ? "X" : ""), 20);
      socket.write(i % 2 === 0 ? "GET /raw HTTP/1.1\r\nX-A: " : "");
      socket.resume();
      return closed(socket).then(() => clearInterval(dripping));
    });
    expect(await isCut()).toBe(true);
    await Promise.all(ended);
    expect(await isCut()).toBe(false);
    expect(server.waiting?.refused).toBe(1);
  });
});

describe("connections that said something", () => {
  it("do not count while they are answered, and count again between two requests", async () => {
    const { server, dial, isCut } = await stage({
      waitingConnections: 1,
      requestListener: (request, response) => {
        request.resume();
        response.flushHeaders();
      },
    });
    const busy = await dial();
    expect(await answerTo(busy, "GET /long HTTP/1.1\r\nHost: x\r\n\r\n")).toContain("200 OK");
    expect(server.waiting).toEqual({ waiting: 0, refused: 0 });
    const idle = await dial();
    expect(await answerTo(idle, HEALTH)).toContain("200 OK");
    expect(await isCut()).toBe(true);
    expect(await answerTo(idle, HEALTH)).toContain("200 OK");
  });

  it("count until the last byte of a body has come", async () => {
    let ended: () => void = () => undefined;
    const whole = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const { server, dial, isCut } = await stage({
      waitingConnections: 1,
      requestListener: (request, response) => {
        request.resume();
        request.once("end", ended);
        response.flushHeaders();
      },
    });
    const slow = await dial();
    expect(await answerTo(slow, "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na")).toContain("200 OK");
    expect(await isCut()).toBe(true);
    slow.write("b");
    await whole;
    expect(await isCut()).toBe(false);
    expect(server.waiting?.refused).toBe(1);
  });

  it("do not count once they are upgraded", async () => {
    const { server, isCut } = await stage({ waitingConnections: 1 });
    const clients = [];
    for (let i = 0; i < 3; i++) clients.push(await RawClient.upgraded(server.port, "/raw"));
    expect(server.waiting).toEqual({ waiting: 0, refused: 0 });
    expect(await isCut()).toBe(false);
    for (const client of clients) client.destroy();
  });

  it("and were refused an upgrade leave nothing behind", async () => {
    const { server } = await stage({ waitingConnections: 1 });
    for (let i = 0; i < 3; i++) {
      const client = await RawClient.connect(server.port);
      client.socket.write(upgradeRequest("/nowhere"));
      expect(await client.rest()).toContain("404");
    }
    expect(server.waiting).toEqual({ waiting: 0, refused: 0 });
  });
});
