import { afterEach, describe, expect, it, vi } from "vitest";
import { encodeHome } from "../../../actors/home/home-record.js";
import { sidAt } from "../../../actors/home/sid-rule.js";
import { turnOf } from "../../../actors/home/left-stores.js";
import { memoryStore } from "../../../src/store/memory-store.js";
import { memoryStoreFolders } from "../../../src/store/memory-store-folders.js";
import type { StoreFolder } from "../../../src/store/store-folder.js";
import { StoreError } from "../../../src/store/store-port.js";
import { bareSession, HomesStage } from "./stage.js";

let stage: HomesStage;

/** Which of the nodes a and c is the first to take over a store. */
function firstOf(store: string): string {
  return turnOf(store, "a", ["c"]) === 0 ? "a" : "c";
}

/** Folders of which other nodes' stores are opened only after something is called. */
function foldersThat(opening: (name: string) => void): (node: string) => StoreFolder {
  const folders = memoryStoreFolders();
  return (node) => {
    const folder = folders.at(node);
    return {
      own: folder.own,
      ownName: folder.ownName,
      list: () => folder.list(),
      remove: (name) => folder.remove(name),
      close: () => folder.close(),
      open: async (name) => {
        opening(name);
        return folder.open(name);
      },
    };
  };
}

afterEach(async () => {
  await stage.stop();
});

describe("the sessions of a node that is down", () => {
  it("are taken over by one other, with their channels, and the home's token only rises", async () => {
    stage = await HomesStage.create(["a", "b", "c"]);
    const { response, socket } = await stage.greet("b");
    socket.send(JSON.stringify(["1", "1", "room:1", "phx_join", {}, 1]));
    socket.send(JSON.stringify(["1", "2", "room:1", "say", { text: "hello" }, 2]));
    await stage.settle();
    const home = stage.home("b");
    const before = (await stage.entries()).find((entry) => entry.home === home)?.revision ?? 0;
    await stage.kill("b");
    await stage.settle(1_000);
    const reports = ["a", "c"].flatMap((node) => stage.reports(node, "sessions_adopted"));
    expect(reports).toMatchObject([{ level: "info", details: { store: "b", homes: [home], restored: 1, failed: 0 } }]);
    const after = (await stage.entries()).find((entry) => entry.home === home);
    expect(after?.revision).toBeGreaterThan(before);
    const adopter = after?.owner === "a a" ? "a" : "c";
    const other = adopter === "a" ? "c" : "a";
    expect(after?.owner).toBe(`${adopter} ${adopter}`);
    expect(await stage.folders.at("x").list()).toEqual(["a", "c", "x"]);
    const sid = response?.sid ?? "";
    expect([stage.where(adopter, sid), stage.where(other, sid)]).toEqual(["here", `at ${adopter}`]);
    const back = await stage.greet(adopter, response);
    expect(back.response).toMatchObject({ sid, resumed: true, topics: { "room:1": "ok" } });
    expect(stage.status(adopter)).toMatchObject({ homes: 2 });
  });

  it("are waited for by a client that is faster", async () => {
    stage = await HomesStage.create(["a", "b"]);
    const { response } = await stage.greet("b");
    stage.cluster.network.setFaults({ delayMs: [20, 20] });
    await stage.kill("b");
    // The register tells of the node's end after 20 ms; what this node asks takes 40 each time.
    await stage.settle(30);
    const [sid] = [response?.sid ?? ""];
    expect(stage.where("a", sid)).toBe("later");
    await stage.settle(110);
    expect(stage.where("a", sid)).toBe("coming");
    const greeted = await stage.greet("a", response, 500);
    expect(greeted.response).toMatchObject({ resumed: true });
  });

  it("have one owner, also when all nodes want them at the same moment", async () => {
    for (let seed = 1; seed <= 10; seed++) {
      stage = await HomesStage.create(["a", "b", "c", "d"], "folder", seed);
      const { response } = await stage.greet("d");
      const home = stage.home("d");
      stage.cluster.network.setFaults({ delayMs: [1, 400] });
      await stage.kill("d");
      await stage.settle(10_000);
      stage.cluster.network.setFaults({});
      await stage.settle(3_000);
      const owner = stage.register(home)?.owner;
      const adopters = ["a", "b", "c"].filter((node) => stage.reports(node, "sessions_adopted").length > 0);
      expect(adopters.map((node) => `${node} ${node}`)).toEqual([owner]);
      const places = ["a", "b", "c"].map((node) => stage.where(node, response?.sid ?? ""));
      expect(places.filter((place) => place === "here")).toHaveLength(1);
      if (seed < 10) await stage.stop();
    }
  });

  it("are taken over by the next in rank when the first does not come to it", async () => {
    stage = await HomesStage.create(["a", "b", "c"]);
    await stage.greet("b");
    const home = stage.home("b");
    // Whoever would be first is stopped, and nobody knows of it yet.
    const paused = firstOf("b");
    const other = paused === "a" ? "c" : "a";
    stage.cluster.network.pause(paused);
    await stage.kill("b");
    await stage.settle(900);
    expect((await stage.owners(other))[home]).toBe("b b");
    // Nor does it say what it has published meanwhile, for which the other one waits a little.
    await stage.settle(3_500);
    expect((await stage.owners(other))[home]).toBe(`${other} ${other}`);
    stage.cluster.network.resume(paused);
    await stage.settle(2_000);
    expect((await stage.owners(other))[home]).toBe(`${other} ${other}`);
  });

  it("are taken over again when whoever was at it is down too", async () => {
    stage = await HomesStage.create(["a", "b", "c"]);
    const { response } = await stage.greet("b");
    const home = stage.home("b");
    const first = firstOf("b");
    const other = first === "a" ? "c" : "a";
    stage.cluster.network.setFaults({ delayMs: [20, 20] });
    await stage.kill("b");
    for (let waited = 0; waited < 1_000 && stage.register(home)?.owner !== `${first} b`; waited++)
      await stage.settle(1);
    expect(stage.register(home)?.owner).toBe(`${first} b`);
    await stage.kill(first);
    stage.cluster.network.setFaults({});
    await stage.settle(3_000);
    expect(stage.register(home)?.owner).toBe(`${other} ${other}`);
    expect((await stage.greet(other, response)).response).toMatchObject({ resumed: true });
  });

  it("are taken over when it has left in order, and not by one that is being stopped", async () => {
    stage = await HomesStage.create(["a", "b", "c"]);
    const { response } = await stage.greet("b");
    const stopping = stage.end("b");
    await stage.settle(10_000);
    await stopping;
    const owner = stage.register(stage.home("b"))?.owner ?? "";
    expect(["a a", "c c"]).toContain(owner);
    const adopter = owner.charAt(0);
    expect((await stage.greet(adopter, response)).response).toMatchObject({ resumed: true });
    const both = [stage.end("a"), stage.end("c")];
    await stage.settle(10_000);
    await Promise.all(both);
    const folders = await stage.folders.at("x").list();
    expect(folders).toEqual(["a", "c", "x"]);
  });

  it("are taken over by no node that drains", async () => {
    stage = await HomesStage.create(["a", "b"]);
    await stage.greet("b");
    const draining = stage.node("a").cluster.membership.drain();
    await stage.settle();
    await draining;
    await stage.kill("b");
    await stage.settle(3_000);
    expect(stage.register(stage.home("b"))?.owner).toBe("b b");
    expect(stage.where("a", stage.table("b").newSid())).toBe("later");
  });

  it("are given up, and their store is left, when that cannot be read", async () => {
    const broken = new Set<string>();
    const isBroken = (name: string): void => {
      if (broken.has(name)) throw new StoreError("damaged", "Expected a whole store");
    };
    stage = await HomesStage.create(["a", "b"], foldersThat(isBroken));
    const { response } = await stage.greet("b");
    broken.add("b");
    await stage.kill("b");
    await stage.settle(3_000);
    expect(stage.reports("a", "adoption_failed")).toMatchObject([
      { level: "error", text: expect.stringContaining("given up"), details: { store: "b" } },
    ]);
    expect(stage.where("a", response?.sid ?? "")).toBe("unknown");
    expect(stage.register(stage.home("b"))).toBeUndefined();
  });

  it("are for later while somebody still has their store, and then taken over", async () => {
    let isInUse = true;
    const mayBeInUse = (): void => {
      if (isInUse) throw new StoreError("in_use", "Expected a free store");
    };
    stage = await HomesStage.create(["a", "b"], foldersThat(mayBeInUse));
    const { response } = await stage.greet("b");
    const sid = response?.sid ?? "";
    await stage.kill("b");
    await stage.settle(5_000);
    expect(stage.where("a", sid)).toBe("coming");
    await stage.settle(6_000);
    expect(stage.where("a", sid)).toBe("later");
    expect(stage.reports("a", "adoption_failed")).toMatchObject([{ level: "warning" }]);
    isInUse = false;
    await stage.settle(5_500);
    expect(stage.where("a", sid)).toBe("here");
    expect((await stage.greet("a", response)).response).toMatchObject({ resumed: true });
  });
});

describe("a node that starts again", () => {
  it("claims again the homes whose sessions its store has, and gets them back", async () => {
    stage = await HomesStage.create(["b"]);
    const { response } = await stage.greet("b");
    const former = stage.home("b");
    await stage.kill("b");
    await stage.start("b");
    expect(stage.home("b")).not.toBe(former);
    expect(await stage.owners("b")).toEqual({ [former]: "b b", [stage.home("b")]: "b b" });
    expect((await stage.greet("b", response)).response).toMatchObject({ resumed: true });
  });

  it("does so with a store that only it can open", async () => {
    const disk = memoryStore();
    stage = await HomesStage.create(["a", "b"], (node) => (node === "b" ? disk : memoryStore()));
    const { response } = await stage.greet("b");
    await stage.kill("b");
    await stage.settle(500);
    expect(stage.register(stage.home("b"))).toBeUndefined();
    await stage.start("b");
    expect(stage.where("a", response?.sid ?? "")).toBe("at b");
    expect((await stage.greet("b", response)).response).toMatchObject({ resumed: true });
  });

  it("leaves what another has taken over meanwhile where it is, and runs nothing of it", async () => {
    stage = await HomesStage.create(["a", "b"]);
    const { response } = await stage.greet("b");
    const former = stage.home("b");
    const sid = response?.sid ?? "";
    const table = stage.register(former);
    await stage.kill("b", false);
    // As if node a had brought the session to its own store and died, or been slow, before it deleted this one.
    const { self, membership } = stage.node("a").cluster;
    const put = membership.register.put(
      `home/endpoint/${former}`,
      encodeHome({ node: self, store: "a" }),
      table?.revision ?? 0,
    );
    await stage.settle(1);
    expect(await put).toMatchObject({ ok: true });
    await stage.start("b");
    expect(stage.where("b", sid)).toBe("at a");
    expect(
      await stage.folders
        .at("x")
        .open("b")
        .then((store) => store.readSession(sid)),
    ).toBeUndefined();
  });

  it("without a store knows nothing of its sessions", async () => {
    stage = await HomesStage.create(["b"], "memory");
    const { response } = await stage.greet("b");
    await stage.kill("b");
    await stage.start("b");
    expect((await stage.greet("b", response)).response).toMatchObject({ resumed: false, reason: "unknown" });
  });
});

describe("a store of which the register knows nothing", () => {
  it("is taken over five seconds after the start of a cluster that has fewer nodes than before", async () => {
    stage = await HomesStage.create(["a", "b"]);
    const { response } = await stage.greet("b");
    const { folders } = stage;
    await stage.kill("a");
    await stage.kill("b");
    await stage.stop();
    stage = await HomesStage.create(["a"], (node) => folders.at(node), 7);
    const sid = response?.sid ?? "";
    expect(stage.where("a", sid)).toBe("later");
    await stage.settle(3_000);
    expect(stage.where("a", sid)).toBe("later");
    await stage.settle(3_000);
    expect(stage.where("a", sid)).toBe("here");
    expect((await stage.greet("a", response)).response).toMatchObject({ resumed: true });
    expect(await folders.at("x").list()).toEqual(["a", "x"]);
    // From now on nothing is expected any more.
    expect(stage.where("a", sidAt("aaaaaaaaaaaa", "x"))).toBe("coming");
  });

  it("is its node's when that comes in time", async () => {
    stage = await HomesStage.create(["a", "b"]);
    const { response } = await stage.greet("b");
    const { folders } = stage;
    await stage.kill("a");
    await stage.kill("b");
    await stage.stop();
    stage = await HomesStage.create(["a"], (node) => folders.at(node), 7);
    await stage.settle(3_000);
    await stage.start("b");
    await stage.settle(10_000);
    expect(stage.where("a", response?.sid ?? "")).toBe("at b");
    expect(stage.reports("a", "sessions_adopted")).toEqual([]);
  });
});

describe("a node whose store another one takes over while it starts", () => {
  it("does not start, and says why", async () => {
    const folders = memoryStoreFolders();
    let takesOver = false;
    stage = await HomesStage.create(["a", "b"], (node) => {
      const folder = folders.at(node);
      const { own } = folder;
      const commit = own.commit.bind(own);
      vi.spyOn(own, "commit").mockImplementation(async (changes) => {
        if (takesOver) {
          await new Promise<void>((resolve) => void stage.cluster.clock.setTimer(10, resolve));
          await folders.at("x").open(node);
        }
        return commit(changes);
      });
      return folder;
    });
    await stage.kill("b");
    await stage.settle(10_000);
    await stage.cluster.start("b");
    takesOver = true;
    await expect(stage.serve("b")).rejects.toMatchObject({
      name: "StartError",
      reason: {
        shutdown: {
          failed_to_start_child: "store",
          reason: {
            error: { name: "StoreError", message: expect.stringContaining("another node has taken it over") },
          },
        },
      },
    });
  });
});

describe("a home without sessions", () => {
  it("is given up in time, but for that of the sessions that begin", async () => {
    stage = await HomesStage.create(["a", "b"]);
    await stage.greet("b");
    const home = stage.home("b");
    await stage.kill("b");
    await stage.settle(1_000);
    expect(stage.register(home)?.owner).toBe("a a");
    // The session expires after two minutes.
    await stage.settle(60_000);
    expect(stage.register(home)?.owner).toBe("a a");
    await stage.settle(250_000);
    expect(await stage.owners()).toEqual({ [stage.home("a")]: "a a" });
  });
});

describe("an endpoint without a cluster", () => {
  it("has bare ids, and no actor for homes", async () => {
    stage = await HomesStage.create([]);
    const { sid, hasHomes } = await bareSession();
    expect(sid).toMatch(/^[\w-]{21}$/);
    expect(hasHomes).toBe(false);
  });
});
