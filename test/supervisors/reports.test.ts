import { describe, expect, test } from "vitest";
import { scene, worker } from "./plans.js";

describe("reports", () => {
  test("case 92: the end of a child is one error report, its restart one progress report, both apart from the rest", async () => {
    const { supervisor, ref, reports, end, stop } = await scene({ children: [worker("a", [])] });
    const first = ref("a");
    reports.length = 0;
    await end("a", "boom");
    const own = reports.filter((report) => report.type === "supervisor" || report.type === "progress");
    expect(own).toMatchObject([
      {
        type: "supervisor",
        level: "error",
        text: `Planned ${supervisor}: child_terminated of child "a" Worker ${first}: boom`,
        details: {
          supervisor,
          behaviour: "Planned",
          errorContext: "child_terminated",
          reason: "boom",
          offender: {
            id: "a",
            ref: first,
            behaviour: "Worker",
            restart: "permanent",
            significant: false,
            shutdown: 5_000,
            type: "worker",
          },
        },
      },
      {
        type: "progress",
        level: "info",
        text: `Planned ${supervisor}: started child "a" Worker ${ref("a")}`,
        details: { supervisor, started: { id: "a", ref: ref("a") } },
      },
    ]);
    expect(JSON.parse(JSON.stringify(own[1]))).toMatchObject({ type: "progress", details: { started: { id: "a" } } });
    await stop();
  });

  test("case 94: a child started on request is reported at debug level, one started by the supervisor at info", async () => {
    const { supervisor, reports, stop } = await scene({ children: [worker("a", [])] });
    await supervisor.call.startChild(worker("b", []));
    const progress = reports.filter((report) => report.type === "progress");
    expect(progress.map((report) => report.level)).toEqual(["info", "debug"]);
    await stop();
  });

  test("an unexpected message is reported and changes nothing", async () => {
    const { supervisor, reports, clock, stop } = await scene({ children: [worker("a", [])] });
    supervisor.send({ any: "message" });
    await clock.settle();
    expect(reports.filter((report) => report.type === "unexpected_message")).toHaveLength(1);
    expect(await supervisor.call.countChildren()).toMatchObject({ active: 1 });
    await stop();
  });
});
