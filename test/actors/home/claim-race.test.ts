import { expect, it, vi } from "vitest";
import { HomesStage } from "./stage.js";

// Every node believes that it is its turn.
vi.mock(import("../../../actors/home/left-stores.js"), async (original) => ({
  ...(await original()),
  turnOf: () => 0,
}));

it("a home is one node's, also when all claim it at once: the sessions run there alone, and no token falls", async () => {
  for (let seed = 1; seed <= 8; seed++) {
    const stage = await HomesStage.create(["a", "b", "c", "d"], "folder", seed);
    const { response } = await stage.greet("d");
    const home = stage.home("d");
    const revisions = [stage.register(home)?.revision ?? 0];
    stage.cluster.network.setFaults({ delayMs: [0, seed * 20] });
    await stage.kill("d");
    for (let step = 0; step < 300; step++) {
      await stage.settle(10);
      revisions.push(stage.register(home)?.revision ?? Number.POSITIVE_INFINITY);
    }
    stage.cluster.network.setFaults({});
    await stage.settle(2_000);
    expect(revisions).toEqual([...revisions].sort((one, other) => one - other));
    const adopters = ["a", "b", "c"].filter((node) => stage.reports(node, "sessions_adopted").length > 0);
    expect(adopters.map((node) => `${node} ${node}`)).toEqual([stage.register(home)?.owner]);
    for (const node of ["a", "b", "c"]) {
      expect(stage.where(node, response?.sid ?? "")).toBe(adopters.includes(node) ? "here" : `at ${adopters[0]}`);
      expect(stage.reports(node, "adoption_failed")).toEqual([]);
    }
    expect((await stage.greet(adopters[0] ?? "", response)).response).toMatchObject({ resumed: true });
    await stage.stop();
  }
});
