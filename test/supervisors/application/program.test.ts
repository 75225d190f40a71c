import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Built, build } from "../../examples/built.js";
import { RunningProgram } from "../../examples/run-program.js";

/** All kinds of idle: an armed timer of a day, one that beats, one that hibernates; and one that may be stuck. */
const idle = `
import { Actor } from "holdfast";
import { application, child, runApplication, Supervisor } from "holdfast/supervisors";

class Idle extends Actor<string> {
  #name = "";
  override init(name: string): void {
    this.#name = name;
    this.trapExit();
    this.sendAfter(86_400_000, "tomorrow");
    this.sendEvery(60_000, "beat");
    this.hibernate();
  }
  override terminate(): void {
    console.log("stopped", this.#name);
  }
}

class Stuck extends Actor {
  override init(): void {
    this.trapExit();
  }
  override async handleInfo(): Promise<void> {
    await new Promise((resolve) => setInterval(resolve, 86_400_000));
  }
}

class Tree extends Supervisor<readonly string[]> {
  override init(names: readonly string[]) {
    return { children: names.map((name) => child(Idle, { id: name, args: name })) };
  }
}

class StuckTree extends Supervisor {
  override init() {
    return { children: [child(Stuck, { id: "stuck", name: "stuck", shutdown: "infinity" })] } as const;
  }
}
`;

const ordered = `${idle}
const base = application(Tree, { name: "base", args: ["a", "b"] });
const app = application(Tree, { name: "app", args: ["c"], dependencies: [base] });
const result = await runApplication(app, {
  onStarted: () => console.log("started"),
  onStopping: (signal) => console.log("stopping", signal),
});
console.log(JSON.stringify(result), process.listenerCount("SIGTERM"), process.listenerCount("SIGINT"));
`;

const stuck = `${idle}
const base = application(Tree, { name: "base", args: ["a"] });
await runApplication(application(StuckTree, { name: "app", dependencies: [base] }), {
  deadlineMs: Number(process.argv[2]),
  onStarted: ({ system }) => {
    system.whereis("stuck")?.send("wait for ever");
    console.log("started");
  },
  onStopping: () => console.log("stopping"),
});
`;

const silent = `${idle}
class Nothing extends Supervisor {
  override init() {
    return { children: [] };
  }
}
await runApplication(application(Nothing, { name: "nothing" }), { onStarted: () => console.log("started") });
console.log("end");
`;

const broken = `${idle}
class Broken extends Supervisor {
  override init(): never {
    throw new Error("no database");
  }
}
await runApplication(application(Broken, { name: "broken" }));
console.log("end");
`;

/** Each process says which one it is. */
const onCores = `${idle}
import { currentCore } from "holdfast/cluster";
const who = currentCore()?.name ?? "host";
const deadlineMs = Number(process.argv[2]);
const isStuck = process.argv[3] === "stuck";
const result = await runApplication(
  isStuck ? application(StuckTree, { name: "app" }) : application(Tree, { name: "app", args: [who] }),
  {
    cluster: { cores: 2 },
    deadlineMs: who === "host" ? deadlineMs : 60_000,
    onStarted: ({ system }) => {
      if (who === "core-2") system.whereis("stuck")?.send("wait for ever");
      console.log("started", who);
    },
    onStopping: (signal) => console.log("stopping", who, signal),
  },
);
console.log(who, JSON.stringify(result));
`;

let built: Built;
let place = "";
beforeAll(async () => {
  built = await build();
  place = await built.compile({ ordered, stuck, silent, broken, onCores });
  return () => built.remove();
}, 60_000);

function runProgram(name: string, ...args: readonly string[]): RunningProgram {
  return new RunningProgram(built.root, [join(place, `${name}.js`), ...args]);
}

describe("a program as a process", () => {
  it.each(["SIGTERM", "SIGINT"] as const)(
    "case 467: stops in order at %s, and Node ends by itself although timers are armed and actors hibernate",
    async (signal) => {
      const program = runProgram("ordered");
      await program.wrote(/started/);
      program.kill(signal);
      const { code, stdout, stderr } = await program.ended;
      expect(stdout.split("\n")).toEqual([
        "started",
        `stopping ${signal}`,
        "stopped c",
        "stopped b",
        "stopped a",
        `{"ended":"stopped","signal":"${signal}","exitCode":0} 0 0`,
        "",
      ]);
      expect([code, stderr]).toEqual([0, ""]);
    },
  );

  it("case 467: a handler that refuses to end is killed after the deadline, and the process ends with 124", async () => {
    const program = runProgram("stuck", "400");
    await program.wrote(/started/);
    program.kill("SIGTERM");
    const { code, signal, stdout, stderr } = await program.ended;
    expect([code, signal]).toEqual([124, null]);
    expect(stdout).toBe("started\nstopping\n");
    expect(stderr).toContain("app did not stop within 400 ms: everything that is left is killed");
  });

  it("case 467: the second signal ends the process at once", async () => {
    const program = runProgram("stuck", "20000");
    await program.wrote(/started/);
    const interrupting = setInterval(() => program.kill("SIGINT"), 50);
    const { code } = await program.ended;
    clearInterval(interrupting);
    expect(code).toBe(130);
  });

  it("goes on although nothing in it is armed or open, until it is stopped", async () => {
    const program = runProgram("silent");
    await program.wrote(/started/);
    program.kill("SIGTERM");
    expect(await program.ended).toMatchObject({ code: 0, stdout: "started\nend\n", stderr: "" });
  });

  it("ends with 1 when it cannot start, and says why", async () => {
    const { code, stdout, stderr } = await runProgram("broken").ended;
    expect([code, stdout]).toEqual([1, "end\n"]);
    expect(stderr).toContain("application broken did not start: broken failed, Error: no database");
  });
});

describe("a program on several cores", { timeout: 60_000 }, () => {
  it("says on its host that it stops, before the cores do, and ends with their end", async () => {
    const program = runProgram("onCores", "20000");
    for (const who of ["core-1", "core-2"]) await program.wrote(new RegExp(`started ${who}`));
    program.kill("SIGTERM");
    const { code, stdout, stderr } = await program.ended;
    expect([code, stderr]).toEqual([0, ""]);
    const said = stdout.split("\n").filter((line) => !line.startsWith("started"));
    expect(said[0]).toBe("stopping host SIGTERM");
    expect(said.slice(1, -2)).toEqual(
      expect.arrayContaining(
        ["core-1", "core-2"].flatMap((who) => [
          `stopping ${who} SIGTERM`,
          `stopped ${who}`,
          `${who} {"ended":"stopped","signal":"SIGTERM","exitCode":0}`,
        ]),
      ),
    );
    expect(said.at(-2)).toBe('host {"ended":"stopped","signal":"SIGTERM","exitCode":0}');
  });

  it("kills the cores that are left at the host's deadline, and ends with 124", async () => {
    const program = runProgram("onCores", "1500", "stuck");
    for (const who of ["core-1", "core-2"]) await program.wrote(new RegExp(`started ${who}`));
    program.kill("SIGTERM");
    const { code, stdout, stderr } = await program.ended;
    expect(code).toBe(124);
    expect(stdout).toContain('core-1 {"ended":"stopped"');
    expect(stdout).not.toContain("core-2 {");
    expect(stderr).toContain("app did not stop within 1500 ms: everything that is left is killed");
  });
});
