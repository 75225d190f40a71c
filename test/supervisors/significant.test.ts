import { type AutoShutdown, checkChildSpecs, type RestartType, SupervisorSpecError } from "holdfast/supervisors";
import { describe, expect, test } from "vitest";
import { type Scene, scene, worker } from "./plans.js";

function significant(id: string, journal: string[], restart: RestartType) {
  return worker(id, journal, { restart, significant: true });
}

async function any(restart: RestartType, journal: string[] = []): Promise<Scene> {
  const children = [significant("1", journal, restart), significant("2", journal, restart), worker("3", journal)];
  const started = await scene({ autoShutdown: "any_significant", children }, journal);
  started.happened();
  return started;
}

describe("significant children", () => {
  test("case 81: the end of a child that is not significant never stops the supervisor", async () => {
    for (const autoShutdown of ["never", "any_significant", "all_significant"] satisfies AutoShutdown[]) {
      for (const restart of ["temporary", "transient"] satisfies RestartType[]) {
        for (const reason of ["terminateChild", "kill", "abnormal", "normal"]) {
          const { system, supervisor, end, kill, stop } = await scene({
            autoShutdown,
            children: [worker("a", [], { restart })],
          });
          if (reason === "terminateChild") await supervisor.call.terminateChild("a");
          else await (reason === "kill" ? kill("a") : end("a", reason));
          expect(system.isAlive(supervisor)).toBe(true);
          const restarted = restart === "transient" && (reason === "kill" || reason === "abnormal");
          expect(system.whereis("a") !== undefined).toBe(restarted);
          await stop();
        }
      }
    }
  });

  test("case 82: any_significant: a temporary child that ends by itself stops the others in reverse and the supervisor", async () => {
    for (const reason of ["kill", "abnormal", "normal"]) {
      const { system, supervisor, end, kill, happened, stop } = await any("temporary");
      await (reason === "kill" ? kill("1") : end("1", reason));
      expect(happened().filter((event) => event !== "stop 1")).toEqual(["stop 3", "stop 2"]);
      expect(await system.exited(supervisor)).toBe("shutdown");
      await stop();
    }
  });

  test("cases 82 and 84: terminateChild does not stop the supervisor", async () => {
    for (const restart of ["temporary", "transient"] satisfies RestartType[]) {
      const { system, supervisor, stop } = await any(restart);
      await supervisor.call.terminateChild("1");
      expect(system.isAlive(supervisor)).toBe(true);
      await stop();
    }
  });

  test("case 84: a transient significant child that ends abnormally is restarted; a normal end stops the supervisor", async () => {
    const { system, supervisor, ref, end, kill, stop } = await any("transient");
    const first = ref("1");
    await kill("1");
    await end("1", "abnormal");
    expect(ref("1")).not.toBe(first);
    expect(system.isAlive(supervisor)).toBe(true);
    await end("1", "normal");
    expect(await system.exited(supervisor)).toBe("shutdown");
    await stop();
  });

  test("all_significant: the last significant child that ends stops the supervisor", async () => {
    const children = [significant("1", [], "transient"), significant("2", [], "temporary"), worker("3", [])];
    const { system, supervisor, end, stop } = await scene({ autoShutdown: "all_significant", children });
    await end("1", "normal");
    expect(system.isAlive(supervisor)).toBe(true);
    await end("2", "boom");
    expect(await system.exited(supervisor)).toBe("shutdown");
    await stop();
  });

  test("case 86: combinations that make no sense are refused", () => {
    const code = (restart: RestartType, autoShutdown: AutoShutdown) => {
      try {
        checkChildSpecs([significant("1", [], restart)], autoShutdown);
        return "accepted";
      } catch (error) {
        return error instanceof SupervisorSpecError ? error.code : "thrown";
      }
    };
    const byDefault = Object.assign(worker("a", []), { significant: true });
    expect(() => checkChildSpecs([byDefault], "any_significant")).toThrow(SupervisorSpecError);
    expect(code("transient", "never")).toBe("bad_combination");
    expect(code("permanent", "any_significant")).toBe("bad_combination");
    expect(code("permanent", "all_significant")).toBe("bad_combination");
    expect(code("transient", "any_significant")).toBe("accepted");
  });

  test("case 87: significant children that are stopped with their group do not stop the supervisor", async () => {
    for (const autoShutdown of ["any_significant", "all_significant"] satisfies AutoShutdown[]) {
      for (const strategy of ["one_for_one", "one_for_all", "rest_for_one"] as const) {
        const children = [significant("1", [], "transient"), worker("2", []), significant("3", [], "transient")];
        const { system, supervisor, ref, kill, stop } = await scene({ autoShutdown, strategy, children });
        const before = ["1", "2", "3"].map(ref);
        await kill("2");
        const restarted = ["1", "2", "3"].filter((id, index) => ref(id) !== before[index]);
        expect(restarted.join()).toBe({ one_for_one: "2", one_for_all: "1,2,3", rest_for_one: "2,3" }[strategy]);
        expect(system.isAlive(supervisor)).toBe(true);
        expect(await supervisor.call.countChildren()).toMatchObject({ active: 3 });
        await stop();
      }
    }
  });
});
