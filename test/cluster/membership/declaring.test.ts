import { expect, it, onTestFinished } from "vitest";
import type { EngineEvents, RegisterChange } from "../../../src/cluster/engine.js";
import { LeaseMembership, type Wire } from "../../../src/cluster/membership/lease-membership.js";
import {
  decodeRecord,
  encodeRecord,
  NODE_PREFIX,
  type NodeRecord,
} from "../../../src/cluster/membership/node-record.js";
import { RegisterTable } from "../../../src/cluster/register/register-table.js";
import { LocalRegister } from "../../../src/cluster/solo.js";
import { seededRandom } from "../../../src/kernel/random.js";
import { createVirtualClock } from "../../../src/testing/index.js";

const TTL_MS = 3_000;
const B = `${NODE_PREFIX}b`;
const record: NodeRecord = { incarnation: "b-1", state: "up", ttlMs: TTL_MS, by: "", why: "" };
const events: EngineEvents = {
  member: () => undefined,
  frame: () => undefined,
  beat: () => undefined,
  fenced: () => undefined,
};

/** Node a beside a register in which a record of node b is; `hold` keeps back what the watch says of b, as a slow way does. */
async function nodeBeside() {
  const clock = createVirtualClock();
  const table = new RegisterTable();
  const held: RegisterChange[] = [];
  const way = { holds: false };
  const register: LocalRegister = new LocalRegister(table, (change) => {
    if (way.holds && change.key === B) held.push(change);
    else register.changed(change);
  });
  await register.put(B, encodeRecord(record), 0);
  const wire: Wire = { register, send: () => "sent", close: async () => undefined };
  const surroundings = { name: "a", clock, random: seededRandom(1), report: () => undefined };
  const node = await LeaseMembership.join({ name: "a", incarnation: "a-1" }, wire, surroundings, events);
  onTestFinished(() => node.leave());
  const renewB = async (): Promise<void> => {
    await register.put(B, encodeRecord(record), table.get(B)?.revision ?? 0);
  };
  const hold = (): void => {
    way.holds = true;
  };
  const stateOfB = (): string | undefined => decodeRecord(table.get(B)?.value ?? new Uint8Array())?.state;
  return { clock, hold, renewB, stateOfB };
}

it("declares a node down whose lease has run out", async () => {
  const { clock, stateOfB } = await nodeBeside();
  await clock.advance(TTL_MS);
  expect(stateOfB()).toBe("up");
  await clock.advance(TTL_MS);
  expect(stateOfB()).toBe("down");
});

it("does not declare a node down that has renewed, though word of that has not come: what was not seen is not judged", async () => {
  const { clock, hold, renewB, stateOfB } = await nodeBeside();
  hold();
  await clock.advance(TTL_MS);
  await renewB();
  await clock.advance(TTL_MS);
  expect(stateOfB()).toBe("up");
});
