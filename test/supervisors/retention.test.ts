import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Actor } from "holdfast";
import { child, childTemplate, DynamicSupervisor, type RestartType, startChild } from "holdfast/supervisors";
import { describe, expect, test } from "vitest";
import { scene, worker } from "./plans.js";

/** Takes its arguments and keeps nothing of them. */
class Forgetful extends Actor<readonly number[]> {}

const RESTARTS: readonly RestartType[] = ["permanent", "transient", "temporary"];

/** Collects garbage for real; what was reachable only from the current turn of the event loop may go, too. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setImmediate(resolve));
    runInNewContext("gc()");
  }
}

/** Which of the arguments are still there. */
async function kept(references: ReadonlyMap<RestartType, WeakRef<object>>): Promise<RestartType[]> {
  await collectGarbage();
  return RESTARTS.filter((restart) => references.get(restart)?.deref() !== undefined);
}

describe("what a supervisor keeps of its children", () => {
  test("case 96: a dynamic supervisor lets go of the start arguments of temporary children, and keeps those of others", async () => {
    const { system, stop } = await scene({});
    const supervisor = await system.start(DynamicSupervisor);
    const references = new Map<RestartType, WeakRef<object>>();
    const start = async (restart: RestartType): Promise<void> => {
      const args = Array.from({ length: 50_000 }, (_, index) => index);
      references.set(restart, new WeakRef(args));
      await startChild(supervisor, childTemplate(Forgetful, { restart }), args);
    };
    for (const restart of RESTARTS) await start(restart);
    expect(await kept(references)).toEqual(["permanent", "transient"]);
    expect(await supervisor.call.countChildren()).toMatchObject({ active: 3 });
    await stop();
  });

  test("case 96: so does a supervisor", async () => {
    const { supervisor, stop } = await scene({});
    const references = new Map<RestartType, WeakRef<object>>();
    const start = async (restart: RestartType): Promise<void> => {
      const args = Array.from({ length: 50_000 }, (_, index) => index);
      references.set(restart, new WeakRef(args));
      await supervisor.call.startChild(child(Forgetful, { id: restart, args, restart }));
    };
    for (const restart of RESTARTS) await start(restart);
    expect(await kept(references)).toEqual(["permanent", "transient"]);
    await stop();
  });

  test("case 97: the specification of a temporary child goes with it, however it ends; others keep theirs", async () => {
    const again = { ok: false, reason: "already_present" };
    const running = { ok: false, reason: "already_started" };
    const anew = { ok: true };
    const expected = {
      permanent: { kill: running, normal: running, abnormal: running, terminateChild: again },
      transient: { kill: running, normal: again, abnormal: running, terminateChild: again },
      temporary: { kill: anew, normal: anew, abnormal: anew, terminateChild: anew },
    } as const;
    for (const strategy of ["one_for_one", "one_for_all", "rest_for_one"] as const) {
      for (const restart of RESTARTS) {
        for (const [how, answer] of Object.entries(expected[restart])) {
          const { supervisor, end, kill, stop } = await scene({ strategy, intensity: 10 });
          const spec = worker("a", [], { restart });
          await supervisor.call.startChild(spec);
          if (how === "terminateChild") await supervisor.call.terminateChild("a");
          else await (how === "kill" ? kill("a") : end("a", how));
          expect(await supervisor.call.startChild(spec), `${strategy} ${restart} ${how}`).toMatchObject(answer);
          await stop();
        }
      }
    }
  });

  test("case 99: what people are shown is the user's class", async () => {
    class Rooms extends DynamicSupervisor {}
    const { system, supervisor, stop } = await scene({});
    const rooms = await system.start(Rooms);
    expect(system.info(supervisor)).toMatchObject({ behaviour: "Planned" });
    expect(system.info(rooms)).toMatchObject({ behaviour: "Rooms" });
    const nested = await supervisor.call.startChild(child(Rooms, { id: "rooms" }));
    expect(nested).toMatchObject({ ok: true });
    expect(await supervisor.call.whichChildren()).toMatchObject([{ behaviour: "Rooms", type: "supervisor" }]);
    await stop();
  });

  test("case 21: a supervisor that has gone to sleep is woken by a request and by the end of a child", async () => {
    class Sleepy extends DynamicSupervisor {
      sleep(): void {
        this.hibernate();
      }
    }
    const { system, clock, stop } = await scene({});
    const sleepy = await system.start(Sleepy);
    const asleep = async (): Promise<boolean | undefined> => {
      sleepy.cast.sleep();
      await clock.settle();
      return system.info(sleepy)?.hibernated;
    };
    const started = await startChild(sleepy, childTemplate(Forgetful), [1]);
    expect(await asleep()).toBe(true);
    await sleepy.call.whichChildren();
    expect(system.info(sleepy)?.hibernated).toBe(false);
    expect(await asleep()).toBe(true);
    if (started.ok) system.exit(started.ref, "kill");
    await clock.settle();
    expect(system.info(sleepy)?.hibernated).toBe(false);
    expect(await sleepy.call.countChildren()).toMatchObject({ active: 1 });
    await stop();
  });
});
