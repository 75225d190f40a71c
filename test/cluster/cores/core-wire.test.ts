import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { CoreWire } from "../../../src/cluster/cores/core-wire.js";
import type { NodeIdentity } from "../../../src/cluster/node-identity.js";
import { LocalRegister } from "../../../src/cluster/solo.js";

/** One end of the wires, with what came to it. */
interface End {
  readonly wire: CoreWire;
  readonly heard: string[];
  /** Resolves when something has come. */
  next(): Promise<void>;
}

let folder: string;
let open: CoreWire[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-wire-"));
  open = [];
});

afterEach(async () => {
  await Promise.all(open.map((wire) => wire.close()));
  await rm(folder, { recursive: true, force: true });
});

const one: NodeIdentity = { name: "one", incarnation: "one-1" };
const two: NodeIdentity = { name: "two", incarnation: "two-1" };
const three: NodeIdentity = { name: "three", incarnation: "three-1" };

async function endOf(self: NodeIdentity): Promise<End> {
  const heard: string[] = [];
  let wake: () => void = () => undefined;
  const frame = (from: NodeIdentity, bytes: Uint8Array): void => {
    heard.push(`${from.name} ${Buffer.from(bytes).toString("latin1")}`);
    wake();
  };
  const wire = await CoreWire.open(self, folder, new LocalRegister(), { frame });
  open.push(wire);
  return { wire, heard, next: () => new Promise((resolve) => (wake = resolve)) };
}

async function until(end: End, count: number): Promise<void> {
  while (end.heard.length < count) await end.next();
}

it("frames for several nodes in turn come to each of them, in order", async () => {
  const [{ wire }, second, third] = [await endOf(one), await endOf(two), await endOf(three)];
  for (let at = 0; at < 6; at++) expect(wire.send(at % 2 === 0 ? two : three, Buffer.from(String(at)))).toBe("sent");
  // The same node, named by another object.
  expect(wire.send({ ...two }, Buffer.from("6"))).toBe("sent");
  await Promise.all([until(second, 4), until(third, 3)]);
  expect(second.heard).toEqual(["one 0", "one 2", "one 4", "one 6"]);
  expect(third.heard).toEqual(["one 1", "one 3", "one 5"]);
});

it("a node that was gone is dialled anew", async () => {
  const { wire } = await endOf(one);
  const before = await endOf(two);
  wire.send(two, Buffer.from("a"));
  await until(before, 1);
  await before.wire.close();
  const after = await endOf(two);
  while (after.heard.length === 0) {
    wire.send(two, Buffer.from("b"));
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  expect(new Set(after.heard)).toEqual(new Set(["one b"]));
});
