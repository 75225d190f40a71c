import { expect, test } from "vitest";
import { createProbe, createTestSystem, leaksOf } from "../../src/testing/index.js";

test("finds actors, names, links and monitors, and nothing after a stop", async () => {
  const { system, stop } = await createTestSystem();
  const [one, other] = [createProbe(system, {}, { name: "one" }), createProbe(system)];
  one.link(other.ref);
  one.monitor(other.ref);
  expect(leaksOf(system)).toEqual([
    expect.stringMatching(/^actor one Probe <0\.\d+> is alive$/),
    expect.stringMatching(/^actor probe Probe <0\.\d+> is alive$/),
    "2 actors have not ended",
    "name one is held",
    "1 links exist",
    "1 monitors are active",
  ]);
  await stop();
  expect(leaksOf(system)).toEqual([]);
});

test("links and monitors are counted once, however they end", async () => {
  const { system, stop } = await createTestSystem();
  const [one, other, third] = [createProbe(system), createProbe(system), createProbe(system)];
  const counts = (): unknown => ({ links: system.kernel.links, monitors: system.kernel.monitors });
  one.link(other.ref);
  other.link(one.ref);
  one.link(third.ref);
  const monitor = one.monitor(other.ref);
  one.monitor(third.ref);
  third.monitor(one.ref);
  expect(counts()).toEqual({ links: 2, monitors: 3 });
  one.unlink(other.ref);
  one.unlink(other.ref);
  one.demonitor(monitor);
  one.demonitor(monitor);
  expect(counts()).toEqual({ links: 1, monitors: 2 });
  system.exit(third.ref, "kill");
  expect(counts()).toEqual({ links: 0, monitors: 0 });
  await stop();
});
