import { expect, test } from "vitest";
import {
  Channel,
  Endpoint,
  type EndpointOptions,
  Topics,
  type TopicsOptions,
  topicsOf,
} from "../../../actors/index.js";
import type { ActorSystem } from "../../../src/index.js";
import { createTestSystem } from "../../../src/testing/index.js";
import { child, Supervisor } from "../../../supervisors/index.js";
import { Doer, seenBy } from "../../kernel/doer.js";

class Room extends Channel {}

interface Parts {
  readonly own?: TopicsOptions;
  readonly endpoints: readonly EndpointOptions[];
}

class App extends Supervisor<Parts> {
  override init({ own, endpoints }: Parts) {
    const socket = { channels: { "room:*": Room } };
    return {
      intensity: 5,
      children: [
        ...(own === undefined ? [] : [child(Topics, { id: "topics", name: "own", args: own })]),
        ...endpoints.map((options, index) =>
          child(Endpoint, { id: `endpoint ${index}`, args: { port: 0, host: "127.0.0.1", socket, ...options } }),
        ),
      ],
    };
  }
}

const start = (parts: Parts) => createTestSystem({ root: App, rootArgs: parts });

function named(system: ActorSystem, name: string) {
  const ref = system.whereis<Topics>(name);
  if (ref === undefined) throw new Error(`nobody is called ${name}`);
  return ref;
}

test("an endpoint runs topics: those of the default name, or of its own", async () => {
  const { system, stop } = await start({ endpoints: [{}, { name: "admin" }, { name: "x", topics: { name: "y" } }] });
  for (const name of ["topics", "admin.topics", "y"]) expect(topicsOf(system, name).publish("a", "said").ok).toBe(true);
  expect(() => topicsOf(system, "x.topics").counts()).toThrow(expect.objectContaining({ code: "unknown_topics" }));
  await stop();
});

test("an endpoint joins in with topics that run, whose settings hold, and leaves them as they are when it ends", async () => {
  const own = { topics: { "**": { log: {} } } };
  const { system, clock, stop } = await start({ own, endpoints: [{}] });
  const topics = topicsOf(system);
  const actor = system.spawn(Doer, undefined);
  topics.subscribe("a", actor);
  topics.publish("a", "said", { n: 1 });
  system.exit(named(system, "endpoint.topics"), "kill");
  await clock.settle();
  topics.publish("a", "said", { n: 2 });
  system.exit(named(system, "own"), "kill");
  await clock.settle();
  topics.publish("a", "said", { n: 3 });
  await clock.settle();
  expect(await seenBy(actor)).toMatchObject([{ payload: { n: 1 } }, { payload: { n: 2 } }, { payload: { n: 3 } }]);
  expect(topics.position("a")?.offset).toBe(3);
  system.exit(actor, "kill");
  await stop();
});

test("one of two that both have settings for the same topics does not start", async () => {
  const settings = { publisherRate: { perSecond: 1 } };
  const { system, stop } = await createTestSystem();
  await expect(
    system.start(App, { own: settings, endpoints: [{ topics: settings }] }, { label: "app" }),
  ).rejects.toThrow(expect.objectContaining({ code: "init_failed" }));
  await stop();
});
