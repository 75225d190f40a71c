import { afterEach, beforeEach, expect, it } from "vitest";
import { getRemoteLease, LeaseManager, RemoteLease } from "../../../actors/index.js";
import { clusterOf } from "../../../src/cluster/index.js";
import { Actor, type ActorRef } from "../../../src/index.js";
import { createTestCluster, type TestCluster } from "../../../src/testing/index.js";

class Holder extends Actor {}

let cluster: TestCluster;
let manager: ActorRef<LeaseManager<string>>;
let holder: ActorRef<Holder>;

beforeEach(async () => {
  cluster = await createTestCluster({ nodes: ["a", "b"] });
  const { system } = cluster.node("a");
  const own = await done(system.start(LeaseManager<string>, { resources: ["line"], leaseMs: 5_000 }));
  await done(clusterOf(system).names.register("lines", own));
  await cluster.clock.advance(100);
  const far = clusterOf(cluster.node("b").system).names.whereis<LeaseManager<string>>("lines");
  if (far === undefined) throw new Error("node b knows no lease manager");
  manager = far;
  holder = await done(cluster.node("b").system.start(Holder));
});

afterEach(() => cluster.stop());

/** Waits for an answer, however the virtual time goes by. */
async function done<Value>(pending: Promise<Value>): Promise<Value> {
  let isOpen = true;
  const close = (): void => {
    isOpen = false;
  };
  void pending.then(close, close);
  for (let waited = 0; isOpen && waited < 500; waited++) await cluster.clock.advance(10);
  return pending;
}

async function lent(): Promise<RemoteLease<string>> {
  const answer = await done(getRemoteLease(cluster.node("b").system, manager, { holder }));
  if (!answer.ok) throw new Error(`got no lease: ${answer.reason}`);
  return answer.lease;
}

async function heldThere(): Promise<number> {
  return (await done(manager.call.stats())).held;
}

it("is held until it is returned", async () => {
  const lease = await lent();
  expect([lease.resource, lease.held, lease.signal.aborted]).toEqual(["line", true, false]);
  const returned = lease.return();
  expect(lease.held).toBe(false);
  expect(await done(returned)).toBe(true);
  expect([lease.signal.aborted, await heldThere()]).toEqual([false, 0]);
});

it("ends by this node's clock, not later than at the manager", async () => {
  const lease = await lent();
  await cluster.clock.advance(4_500);
  expect([lease.held, await heldThere()]).toEqual([true, 1]);
  while (lease.held) {
    expect(await heldThere()).toBe(1);
    await cluster.clock.advance(10);
  }
  expect(lease.signal.reason).toMatchObject({ code: "expired", token: lease.token });
  await cluster.clock.advance(100);
  expect(await heldThere()).toBe(0);
  expect(await done(lease.renew())).toBe(false);
});

it("lasts on with a renewal", async () => {
  const lease = await lent();
  await cluster.clock.advance(4_000);
  expect(await done(lease.renew())).toBe(true);
  await cluster.clock.advance(4_000);
  expect([lease.held, await heldThere()]).toEqual([true, 1]);
});

it("has its whole time after a long wait for it", async () => {
  const first = await lent();
  const second = getRemoteLease(cluster.node("b").system, manager, { holder, timeoutMs: 60_000 });
  await cluster.clock.advance(4_000);
  await done(first.return());
  const answer = await done(second);
  if (!answer.ok) throw new Error(`got no lease: ${answer.reason}`);
  const { lease } = answer;
  await cluster.clock.advance(4_000);
  expect([lease.held, await heldThere()]).toEqual([true, 1]);
});

it("is lost when the manager's node is", async () => {
  const lease = await lent();
  await cluster.kill("a", { known: true });
  await cluster.clock.advance(100);
  expect(lease.held).toBe(false);
  expect(lease.signal.reason).toMatchObject({ code: "manager_ended" });
});

it("is not held by a node that wakes after it has lost its place", async () => {
  const answer = await done(getRemoteLease(cluster.node("b").system, manager, { holder, leaseMs: 600_000 }));
  if (!answer.ok) throw new Error(`got no lease: ${answer.reason}`);
  expect(answer.lease.held).toBe(true);
  cluster.network.pause("b");
  await cluster.clock.advance(6_000);
  expect(answer.lease.held).toBe(false);
  cluster.network.resume("b");
  await cluster.clock.settle();
  expect(answer.lease.held).toBe(false);
});

it("of a manager that has ended is lost from the beginning", async () => {
  const own = clusterOf(cluster.node("a").system).names.whereis<LeaseManager<string>>("lines");
  if (own === undefined) throw new Error("there is no manager");
  const { system } = cluster.node("a");
  await done(system.stopActor(own));
  const lease = new RemoteLease(system, own, { resource: "line", token: 1, index: 0 }, Number.POSITIVE_INFINITY);
  expect([lease.held, lease.signal.aborted]).toEqual([false, true]);
});

it("is returned when the holder's node goes down", async () => {
  await lent();
  await cluster.kill("b", { known: true });
  await cluster.clock.advance(100);
  const own = clusterOf(cluster.node("a").system).names.whereis<LeaseManager<string>>("lines");
  expect(await done((own ?? manager).call.stats())).toMatchObject({ held: 0, totals: { holderDied: 1 } });
});
