import { describe, expect, it, onTestFinished } from "vitest";
import { run } from "../../src/cli/run.js";
import { Actor, createSystem } from "../../src/index.js";
import { openInspector } from "../../src/inspect/index.js";
import {
  child,
  childTemplate,
  DynamicSupervisor,
  startChild,
  Supervisor,
  type SupervisorPlan,
} from "../../supervisors/index.js";
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

class Patient extends Supervisor {
  override init(): SupervisorPlan {
    const backoff = { baseMs: 3_600_000, capMs: 3_600_000, jitter: 0 };
    return {
      strategy: "rest_for_one",
      children: [
        child(DynamicSupervisor, { id: "rooms", name: "rooms" }),
        child(Counter, { id: "counter", name: "counter", backoff }),
        child(Import, { id: "import" }),
      ],
    };
  }
}

describe("the tree of a supervised system", () => {
  it("shows which children a back-off keeps waiting, under supervisors of both kinds", async () => {
    const system = await createSystem({ root: Patient, name: "shop", reporter: () => undefined });
    onTestFinished(() => system.stop());
    const inspector = await openInspector(system, { directory: await privateDirectory() });
    onTestFinished(() => inspector.close());
    const rooms = system.whereis<DynamicSupervisor>("rooms");
    if (rooms === undefined) throw new Error("expected rooms to run");
    const room = childTemplate(Counter, { backoff: { baseMs: 7_200_000, jitter: 0 } });
    const started = await startChild(rooms, room, undefined, { name: "room:a" });
    if (started.ok) system.exit(started.ref, "kill");
    await expect(system.whereis<Counter>("counter")?.call.crash()).rejects.toMatchObject({ code: "exit" });
    await system.idle();
    const io = new FakeIo();
    expect(await run(["tree", "--socket", inspector.path], io)).toBe(0);
    const tree = io.stdout
      .split("\n")
      .slice(1)
      .join("\n")
      .replaceAll(/59m \d+s/g, "59m");
    expect(tree).toBe(`\
Patient       supervisor         rest_for_one  restarts 0/3 in 5s  2 not running
├─ rooms      DynamicSupervisor  0 children  restarts 0/3 in 5s  1 not running
│  └─ room:a  Counter            restarting, try 1 in 1h 59m  permanent
├─ counter    Counter            restarting, try 1 in 59m  permanent  last exit Error: odd
└─ import     Import             stopped  permanent
`);
  });

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
