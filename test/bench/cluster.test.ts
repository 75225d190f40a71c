import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RawReader, RawWriter } from "../../bench/cluster/raw-frames.mjs";
import { clusterScenarios } from "../../bench/cluster/scenarios.mjs";
import { programFile } from "../../bench/harness/context.mjs";
import { readRow } from "../../bench/harness/report.mjs";
import { type Compiled, compile } from "../store/compiled.js";

const SLOW = { timeout: 240_000 };

/** Programs whose servers differ in nothing but their number are run once. */
const LEFT_OUT = ["Holdfast, one core", "Holdfast, no cluster"];

let build: Compiled;

beforeAll(async () => {
  const cluster = ["cluster/index", "cluster/cores/core-main", "cluster/cores/keep-globals"];
  build = await compile(["index", "testing/index", ...cluster, "../actors/index", "../supervisors/index"], "src");
  process.env["HOLDFAST_DIST"] = join(build.script("index"), "../..");
}, 120_000);

afterAll(async () => {
  delete process.env["HOLDFAST_DIST"];
  await build.remove();
});

const context = {
  pinning: { text: "", server: [], load: [] },
  beam: undefined,
  shippedFlags: [],
  warmMs: 10,
  runMs: 20,
  connections: 20,
  show: () => undefined,
};

describe("a program of several processes", SLOW, () => {
  const programs = clusterScenarios.flatMap(({ name, programs: all, rows }) =>
    all.filter((program) => !LEFT_OUT.includes(program.name)).map((program) => ({ name, program, rows })),
  );

  it.each(programs)("$name, $program.name, has a figure for each of its rows", async ({ program, rows }) => {
    const found = new Map([[program.name, { runs: [await program.run(context)] }]]);
    for (const row of rows) {
      const { subject, peers } = row;
      if (![subject, ...peers].includes(program.name)) continue;
      const { value } = readRow({ ...row, subject: program.name, peers: [] }, found, [], {});
      expect(value, row.name).toBeGreaterThanOrEqual(0);
      expect(value, row.name).toBeLessThan(Number.POSITIVE_INFINITY);
    }
  });

  it("is run by functions of the names that the scenarios give", () => {
    for (const name of ["port", "between-cores", "cores-kill"]) {
      const file = programFile(name);
      expect(file, name).toBe(fileURLToPath(new URL(`../../bench/cluster/${name}.mjs`, import.meta.url)));
      expect(readFileSync(file ?? "", "utf8")).toContain("export async function holdfast(");
    }
  });
});

describe("frames by hand", () => {
  it("come as they were written, in whatever pieces", async () => {
    const written: Buffer[] = [];
    const socket = { write: (bytes: Buffer) => written.push(bytes) };
    const writer = new RawWriter(socket);
    const messages = Array.from({ length: 30_000 }, (_, at) => [2 + (at % 5), at, at * 40_000] as const);
    for (const [at, message] of messages.entries()) {
      writer.message(...message);
      if (at % 10_000 === 0) await Promise.resolve();
    }
    await Promise.resolve();
    const bytes = Buffer.concat(written);
    for (const piece of [bytes.length, 1_000, 7]) {
      const read: (readonly [number, number, number])[] = [];
      const reader = new RawReader((...message) => read.push(message));
      for (let at = 0; at < bytes.length; at += piece) reader.read(bytes.subarray(at, at + piece));
      expect(read).toEqual(messages);
    }
  });

  it("hold what one turn of the microtasks has said", async () => {
    let writes = 0;
    const writer = new RawWriter({ write: () => writes++ });
    for (let n = 0; n < 100; n++) writer.message(2, 1, n);
    await Promise.resolve();
    expect(writes).toBe(1);
  });
});
