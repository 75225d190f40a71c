import { describe, expect, it, onTestFinished } from "vitest";
import { run } from "../../src/cli/run.js";
import { Actor, createSystem } from "../../src/index.js";
import { openInspector } from "../../src/inspect/index.js";
import { child, DynamicSupervisor, Supervisor, type SupervisorPlan } from "../../supervisors/index.js";
import { FakeIo } from "../cli/fake-io.js";
import { privateDirectory } from "./private-directory.js";

class Counter extends Actor {
  crash(): void {
    throw new Error("odd");
  }
}

class Import extends Actor {
  finish(): void {
    this.stop();
  }
}

class Shop extends Supervisor {
  override init(): SupervisorPlan {
    return {
      intensity: 3,
      periodMs: 5_000,
      children: [
        child(Counter, { id: "counter", name: "counter" }),
        child(Import, { id: "import", name: "import", restart: "transient" }),
        child(DynamicSupervisor, { id: "rooms", name: "rooms" }),
      ],
    };
  }
}

describe("the tree of a supervised system", () => {
  it("shows what crashed and was restarted, and what has ended for good", async () => {
    const system = await createSystem({ root: Shop, name: "shop", reporter: () => undefined });
    onTestFinished(() => system.stop());
    const inspector = await openInspector(system, { directory: await privateDirectory() });
    onTestFinished(() => inspector.close());
    await expect(system.whereis<Counter>("counter")?.call.crash()).rejects.toMatchObject({ code: "exit" });
    await system.whereis<Import>("import")?.call.finish();
    await system.idle();
    const io = new FakeIo();
    expect(await run(["tree", "--socket", inspector.path], io)).toBe(0);
    expect(io.stdout.split("\n").slice(1).join("\n")).toBe(`\
Shop        supervisor         one_for_one  restarts 1/3 in 5s  1 not running
├─ counter  Counter            idle  mailbox 0  restarted 1x
├─ rooms    DynamicSupervisor  0 children  restarts 0/3 in 5s
└─ import   Import             stopped  transient  last exit normal
`);
  });
});
