import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Built, build } from "./built.js";
import { page, pages, programs } from "./documents.js";
import { RunningProgram } from "./run-program.js";

let built: Built;
beforeAll(async () => {
  built = await build();
  return () => built.remove();
}, 60_000);

describe("the program of the README", () => {
  const [program = ""] = programs(page("README.md"));

  it("has at most 30 lines", () => {
    expect(program.split("\n").length - 1).toBeGreaterThan(10);
    expect(program.split("\n").length - 1).toBeLessThanOrEqual(30);
  });

  it("crashes, recovers, and shows it in its tree", async () => {
    // Ten times as fast, so that nobody has to wait.
    const faster = program.replace("setTimeout(1_000)", "setTimeout(100)");
    expect(faster).not.toBe(program);
    const shop = new RunningProgram(built.root, [join(await built.compile({ shop: faster }), "shop.js")]);
    await shop.wrote(
      /^100\n200\ncall of add on till .*: the actor ended before it replied, with TypeError: that is no money\n100\n/,
    );
    const tree = await new RunningProgram(built.root, [join(built.root, "dist/src/cli/main.js"), "tree"]).ended;
    expect(tree).toMatchObject({ code: 0, stderr: "" });
    // What the README shows, with figures of this run.
    const [, shown = ""] = /```\n(shop {2}pid.*?)\n```/s.exec(page("README.md").text) ?? [];
    const shape = (text: string): string =>
      text
        .trim()
        .replace(/\d+(\.\d+)?/g, "N")
        .replace(/N (ms|MB)|Nm?s/g, "N");
    const afterOneCrash = tree.stdout
      .replace(/restarts [123]\/3/, "restarts 1/3")
      .replace(/restarted [123]x/, "restarted 1x");
    expect(shown).toContain("restarts 1/3 in 5s");
    expect(shape(afterOneCrash).replaceAll(/ +/g, " ")).toBe(shape(shown).replaceAll(/ +/g, " "));
  });
});

describe("the programs of the documents", () => {
  it("compile for somebody who has installed the package", async () => {
    const all = pages().flatMap((document) =>
      programs(document).map((program, index) => [document, index, program] as const),
    );
    expect(all.length).toBeGreaterThan(8);
    const named = all.map(([{ path }, index, program]) => [`${path.replaceAll(/\W/g, "-")}-${index + 1}`, program]);
    await built.compile(Object.fromEntries(named));
  });
});
