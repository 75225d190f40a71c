import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SharedRecords } from "../../../src/cluster/register/shared-records.js";
import { createTestCluster, type TestCluster } from "../../../src/testing/test-cluster.js";

let cluster: TestCluster;
let a: SharedRecords;
let b: SharedRecords;

beforeEach(async () => {
  cluster = await createTestCluster({ nodes: ["a", "b"] });
  [a, b] = [new SharedRecords(cluster.node("a").cluster), new SharedRecords(cluster.node("b").cluster)];
});

afterEach(async () => {
  await cluster.stop();
});

async function done<Value>(pending: Promise<Value>): Promise<Value> {
  void pending.catch(() => undefined);
  await cluster.clock.advance(100);
  return pending;
}

function put(records: SharedRecords, text: string): Promise<void> {
  const value = new TextEncoder().encode(text);
  return done(records.commit([{ type: "put_record", key: "k", value }]));
}

async function read(records: SharedRecords): Promise<string | undefined> {
  const value = await done(records.readRecord("k"));
  return value === undefined ? undefined : new TextDecoder().decode(value);
}

describe("a shared record", () => {
  it("is read on every node", async () => {
    expect(await read(b)).toBeUndefined();
    await put(a, "one");
    await put(a, "two");
    expect(await read(b)).toBe("two");
  });

  it("is written by the one who read it last, and by nobody before him", async () => {
    await put(a, "from a");
    expect(await read(b)).toBe("from a");
    await put(b, "from b");
    await expect(put(a, "from a again")).rejects.toMatchObject({ code: "not_owner" });
    expect(await read(a)).toBe("from b");
    await put(a, "from a at last");
    await expect(put(b, "late")).rejects.toMatchObject({ code: "not_owner" });
  });

  it("can be deleted", async () => {
    await put(a, "one");
    await done(a.commit([{ type: "delete_record", key: "k" }]));
    expect(await read(b)).toBeUndefined();
    await done(a.commit([{ type: "delete_record", key: "k" }]));
    await put(b, "two");
    expect(await read(a)).toBe("two");
  });

  it("one change at a time, and nothing else, is taken", async () => {
    await done(a.commit([]));
    const change = { type: "delete_record", key: "k" } as const;
    await expect(done(a.commit([change, change]))).rejects.toMatchObject({ code: "bad_change" });
    await expect(done(a.commit([{ type: "delete_session", sid: "s" }]))).rejects.toMatchObject({ code: "bad_change" });
  });

  it("a register that does not answer is told, and the next write goes on from what was done", async () => {
    await put(b, "one");
    cluster.network.setFaults({ delayMs: [50, 50] });
    const asked = b.commit([{ type: "put_record", key: "k", value: new TextEncoder().encode("two") }]);
    void asked.catch(() => undefined);
    await cluster.clock.advance(60);
    cluster.network.partition(["a"], ["b"]);
    await cluster.clock.advance(1_200);
    await expect(asked).rejects.toMatchObject({ code: "store_failed" });
    cluster.network.setFaults({});
    cluster.network.heal();
    await put(b, "three");
    expect(await read(a)).toBe("three");
  });
});
