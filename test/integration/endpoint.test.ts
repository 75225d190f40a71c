import { once } from "node:events";
import { createServer } from "node:net";
import { StartError } from "holdfast";
import type { EndpointOptions } from "holdfast/actors";
import { Channel, Connection } from "holdfast/actors";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { serve } from "./served.js";
import { WireClient } from "./wire-client.js";

class Room extends Channel {}
const socket = { channels: { "room:*": Room } };

/** The text of the innermost error of a start that failed. */
async function whyNot(options: EndpointOptions): Promise<string> {
  try {
    await serve(options);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    const texts: string[] = [];
    for (let reason: unknown = error.reason; typeof reason === "object" && reason !== null; ) {
      if ("error" in reason && reason.error instanceof Error) texts.push(reason.error.message);
      reason = "shutdown" in reason ? reason.shutdown : "reason" in reason ? reason.reason : undefined;
    }
    return texts.join(" | ");
  }
  return "it started";
}

describe("an endpoint", () => {
  it("answers /health and /ready", async () => {
    const { port } = await serve({ socket });
    const health = await fetch(`http://127.0.0.1:${port}/health`);
    expect([health.status, await health.json()]).toEqual([200, { status: "ok" }]);
    const ready = await fetch(`http://127.0.0.1:${port}/ready`);
    expect([ready.status, await ready.json()]).toEqual([200, { ready: true }]);
  });

  it("gives all other requests to its routes", async () => {
    const { port } = await serve({ socket, routes: (request, response) => response.end(`you asked ${request.url}`) });
    expect(await (await fetch(`http://127.0.0.1:${port}/some/page`)).text()).toBe("you asked /some/page");
  });

  it("says what to do when its port is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => {
      other.close();
    });
    await once(other, "listening");
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    expect(await whyNot({ socket, port })).toBe(
      `cannot listen on 127.0.0.1, port ${port}: another process has the port. Stop that one, or choose another with the option "port" (0 takes any that is free).`,
    );
  });

  it("serves again when its listener was killed: the next one has the same port", async () => {
    const free = createServer().listen(0, "127.0.0.1");
    await once(free, "listening");
    const address = free.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    free.close();
    await once(free, "close");
    const { system } = await serve({ socket, port });
    const listener = system.whereis("endpoint.listener");
    if (listener === undefined) throw new Error("no listener");
    system.exit(listener, "kill");
    await system.exited(listener);
    await vi.waitFor(() => expect(system.whereis("endpoint.listener")).toBeDefined());
    await system.whereis<{ port(): number }>("endpoint.listener")?.call.port();
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
  });

  it.each([
    ["a port that is none", { port: 70_000 }, "port must be a whole number from 0 to 65535, got 70000"],
    ["an origin that is none", { origins: ["example.com"] }, '"example.com" is not an origin'],
    [
      "a limit that does not exist",
      { socket: { ...socket, limits: { payload: 1 } } },
      'Unknown limit "payload"; there are payloadBytes, ',
    ],
    [
      "a limit that is no number",
      { socket: { ...socket, limits: { payloadBytes: 0 } } },
      "Expected the limit payloadBytes to be a number from 1, got 0",
    ],
    [
      "a topic pattern with a star in the middle",
      { socket: { channels: { "a*b": Room } } },
      'one * at its end such as "room:*"; got "a*b"',
    ],
    [
      "a channel that is no class",
      { socket: { channels: { "room:*": {} } } },
      'Expected the channel of "room:*" to be a class that extends Channel',
    ],
    [
      "a connection that is none",
      { connections: { "/raw": Room } },
      "Expected the class that serves /raw to extend Connection",
    ],
    ["an option that does not exist", { prot: 4_000 }, 'Unknown option "prot" of an endpoint; there are port, host, '],
  ])("does not start with %s, and says why", async (_what, options, text) => {
    expect(await whyNot(options as unknown as EndpointOptions)).toContain(text);
  });

  it("tells one client too many to come back later", async () => {
    const { url } = await serve({ socket, maxConnections: 2 });
    await WireClient.open(url);
    await WireClient.open(url);
    const third = await WireClient.connect(url);
    const { code, reason } = await third.closed;
    expect(code).toBe(4205);
    expect(JSON.parse(reason)).toEqual({ reason: "overloaded", retryAfterMs: expect.any(Number) });
  });

  it("serves connections of one's own beside channels", async () => {
    class Raw extends Connection {
      protected override handleFrame(): void {}
    }
    const { url } = await serve({ socket, connections: { "/raw": Raw } });
    expect((await WireClient.open(url)).welcome.resumed).toBe(false);
  });
});
