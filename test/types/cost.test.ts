import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { root } from "../house/source-files.js";

const CLASSES = 400;
const METHODS = 20;
const FILES = 8;

const folder = mkdtempSync(join(tmpdir(), "holdfast-types-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An actor class that takes and gives all kinds of things, and calls and casts each of its methods through a ref of its neighbour. */
function actorClass(index: number): string {
  const methods = Array.from({ length: METHODS }, (_, n) => {
    if (n % 4 === 0)
      return `  m${n}(a: number, b?: { id${index}: string }): number { return a + (b?.id${index}.length ?? 0); }`;
    if (n % 4 === 1)
      return `  async m${n}(a: readonly string[]): Promise<{ n${index}: number }> { return { n${index}: a.length }; }`;
    if (n % 4 === 2) return `  m${n}(...more: readonly number[]): void { void more; }`;
    return `  m${n}(to: ActorRef<A${index}>): Deferred<string | undefined> { void to; return this.defer<string | undefined>(); }`;
  });
  const uses = Array.from({ length: METHODS }, (_, n) => {
    if (n % 4 === 0) return `  sum += await ref.call.m${n}(1, { id${index}: "a" });`;
    if (n % 4 === 1) return `  sum += (await ref.callWithin(10).m${n}(["a"])).n${index};`;
    if (n % 4 === 2) return `  ref.cast.m${n}(1, 2);`;
    return `  sum += (await ref.call.m${n}(ref))?.length ?? 0;`;
  });
  return `export class A${index} extends Actor<{ n: number }> {\n${methods.join("\n")}\n}
export async function use${index}(ref: ActorRef<A${index}>): Promise<number> {\n  let sum = 0;\n${uses.join("\n")}\n  return sum;\n}
export const narrowed${index} = (ref: ActorRef<A${index}>): ActorRef<Pick<A${index}, "m0" | "m1">> => ref;\n`;
}

function write(): string {
  const perFile = CLASSES / FILES;
  for (let file = 0; file < FILES; file++) {
    const classes = Array.from({ length: perFile }, (_, n) => actorClass(file * perFile + n));
    writeFileSync(
      join(folder, `actors-${file}.ts`),
      `import { Actor, type ActorRef, type Deferred } from "holdfast";\n\n${classes.join("\n")}`,
    );
  }
  const project = join(folder, "tsconfig.json");
  const compilerOptions = {
    target: "es2022",
    lib: ["es2023", "dom"],
    module: "nodenext",
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    typeRoots: [join(root, "node_modules/@types")],
    types: ["node"],
    paths: { holdfast: [join(root, "src/index.ts")] },
  };
  writeFileSync(project, JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  return project;
}

// The bounds are far above what is needed, about 1,300,000 and a few seconds on two cores: a type that is one level deeper multiplies both.
test("400 actor classes with 20 methods each, all of them sent through refs, are cheap to check", {
  timeout: 60_000,
}, () => {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const run = spawnSync(process.execPath, [tsc, "-p", write(), "--extendedDiagnostics"], { encoding: "utf8" });
  const report = run.stdout;
  expect(report.split("\n").filter((line) => line.includes("error TS"))).toEqual([]);
  const figure = (name: string): number => Number(new RegExp(`^${name}:\\s+([\\d.]+)`, "m").exec(report)?.[1]);
  expect(figure("Instantiations")).toBeGreaterThan(CLASSES * METHODS);
  expect(figure("Instantiations")).toBeLessThan(2_000_000);
  expect(figure("Check time")).toBeLessThan(40);
});
