import { expect, test } from "vitest";
import { type AuthenticatedUser, Channel, Endpoint, ok } from "../../../actors/index.js";
import { createFaultyNetwork, createTestSystem } from "../../../src/testing/index.js";
import { child, Supervisor, type DynamicSupervisor } from "../../../supervisors/index.js";

class Room extends Channel {
  override join() {
    return ok();
  }
}

test("a client whose endpoint crashed while it was asked who it is gets no session of the one that took its place", async () => {
  const test = await createTestSystem();
  const { system, clock } = test;
  const network = createFaultyNetwork({ clock });
  const asked: ((user: AuthenticatedUser) => void)[] = [];
  class App extends Supervisor {
    override init() {
      const socket = {
        channels: { "room:*": Room },
        authenticate: () => new Promise<AuthenticatedUser>((resolve) => void asked.push(resolve)),
      };
      const args = { createServer: network.createServer, socket };
      return { children: [child(Endpoint, { id: "endpoint", args, name: "endpoint" })] } as const;
    }
  }
  const started = system.start(App);
  await clock.settle();
  await started;
  const WebSocket = network.webSocket("ann");
  const client = new WebSocket(`${network.url}/socket/websocket?vsn=2.0.0`);
  client.onopen = () =>
    client.send(JSON.stringify([null, "1", "phoenix", "hello", { v: 1, token: "ann", intent: "new" }]));
  await clock.advance(500);
  expect(asked).toHaveLength(1);

  // Its connections are killed again and again, until it gives up and its supervisor starts it anew.
  const endpoint = system.whereis("endpoint");
  for (let times = 0; times < 10 && system.whereis("endpoint") === endpoint; times++) {
    const connections = system.whereis("endpoint.connections");
    if (connections !== undefined) system.exit(connections, "kill");
    await clock.advance(10);
  }
  await clock.advance(1_000);
  for (const answer of asked) answer({ user: "ann" });
  await clock.advance(1_000);
  const counting = system.whereis<DynamicSupervisor>("endpoint.sessions")?.call.countChildren();
  await clock.settle();
  expect(await counting).toMatchObject({ active: 0 });
  await test.stop();
});
