import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "./source-files.js";

// Each sample breaks one rule of .oxlintrc.json, so that a rule that has been lost, or a folder that it no longer reaches, is noticed.
const samples: readonly (readonly [path: string, text: string, rule: string])[] = [
  ["src/kernel/package.ts", `export { nanoid } from "nanoid";`, "no-restricted-imports"],
  ["src/kernel/node.ts", `export { join } from "node:path";`, "no-restricted-imports"],
  ["src/kernel/room.ts", `export { a } from "../protocol/a.js";`, "no-restricted-imports"],
  ["src/kernel/time.ts", `export const now = Date.now();`, "no-restricted-properties"],
  ["src/kernel/timer.ts", `export const timer = setTimeout(String, 1);`, "no-restricted-globals"],
  ["src/kernel/chance.ts", `export const chance = Math.random();`, "no-restricted-properties"],
  ["src/kernel/node-global.ts", `export const size = Buffer.byteLength("a");`, "no-restricted-globals"],
  ["src/protocol/room.ts", `export { a } from "../kernel/a.js";`, "no-restricted-imports"],
  ["src/client/package.ts", `export { WebSocket } from "ws";`, "no-restricted-imports"],
  ["src/client/room.ts", `export { a } from "../kernel/a.js";`, "no-restricted-imports"],
  ["src/cli/room.ts", `export { a } from "../kernel/a.js";`, "no-restricted-imports"],
  ["src/cli/inspect.ts", `export { a } from "../inspect/snapshot.js";`, "no-restricted-imports"],
  ["src/transport/engine.ts", `export { WebSocket } from "ws";`, "no-restricted-imports"],
  ["src/cluster/engine.ts", `export { Comedy } from "comedy";`, "no-restricted-imports"],
  ["src/store/engine.ts", `export { open } from "lmdb";`, "no-restricted-imports"],
  ["src/store/room.ts", `export { a } from "../../actors/index.js";`, "no-restricted-imports"],
  ["supervisors/kernel.ts", `export { a } from "../src/kernel/a.js";`, "no-restricted-imports"],
  ["supervisors/actors.ts", `export { a } from "../actors/index.js";`, "no-restricted-imports"],
  ["actors/kernel.ts", `export { a } from "../src/kernel/a.js";`, "no-restricted-imports"],
  ["actors/engine.ts", `export { WebSocket } from "ws";`, "no-restricted-imports"],
  ["examples/lobby/inner.ts", `export { a } from "../../src/index.js";`, "no-restricted-imports"],
  ["src/kernel/default.ts", `export default 1;`, "no-default-export"],
  ["src/kernel/any.ts", `export const a: any = 1;`, "no-explicit-any"],
  ["src/kernel/bang.ts", `export const a = (b?: string): string => b!;`, "no-non-null-assertion"],
  ["src/kernel/catch.ts", `export function a(b: () => void): void { try { b(); } catch {} }`, "no-empty"],
  ["src/kernel/console.ts", `console.log("a");`, "no-console"],
  ["src/kernel/ignored.ts", `// @ts-ignore\nexport const a = 1;`, "ban-ts-comment"],
  ["src/kernel/cycle-a.ts", `import { b } from "./cycle-b.js";\nexport const a = (): number => b();`, "no-cycle"],
  ["test/only.test.ts", `import { it } from "vitest";\nit.only("a", () => {});`, "no-focused-tests"],
  ["test/skip.test.ts", `import { it } from "vitest";\nit.skip("a", () => {});`, "no-disabled-tests"],
  ["test/todo.test.ts", `import { it } from "vitest";\nit.todo("a");`, "warn-todo"],
];

const good: readonly (readonly [path: string, text: string])[] = [
  ["src/kernel/cycle-b.ts", `import { a } from "./cycle-a.js";\nexport const b = (): number => a();`],
  ["src/kernel/clock.ts", `export const now = (): number => Date.now();`],
  ["src/kernel/good.ts", `import type { A } from "./type-cycle.js";\nexport const a = (b: A): A => b;`],
  ["src/kernel/type-cycle.ts", `import type { a } from "./good.js";\nexport type A = typeof a | string;`],
  ["src/transport/web-socket.ts", `export { WebSocketServer } from "ws";`],
  ["src/client/good.ts", `export { a } from "../protocol/good.js";`],
  ["src/protocol/good.ts", `export const a = 1;`],
  ["src/cli/good.ts", `export { a } from "../inspect/protocol/a.js";\nconsole.log("a");`],
  ["actors/good.ts", `export { a } from "../src/index.js";\nexport { b } from "../supervisors/index.js";`],
  ["supervisors/good.ts", `export { a } from "../src/index.js";`],
  ["examples/lobby/good.ts", `export { Actor } from "holdfast";`],
];

describe("the lint rules", () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-lint-"));
  const complaints = new Map<string, string[]>();

  beforeAll(() => {
    for (const [path, text] of [...samples, ...good]) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), `${text}\n`);
    }
    // The rules that need types are left to `npm run lint`: they would need the packages here.
    const rules = readFileSync(join(root, ".oxlintrc.json"), "utf8").replace('"typeAware": true', '"typeAware": false');
    writeFileSync(join(folder, ".oxlintrc.json"), rules);
    for (const { filename, code } of lint(folder)) {
      complaints.set(filename, [...(complaints.get(filename) ?? []), code]);
    }
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(samples)("refuse %s: %s", (path, _text, rule) => {
    expect(complaints.get(path) ?? []).toContainEqual(expect.stringContaining(`(${rule})`));
  });

  it.each(good.slice(1))("pass %s: %s", (path) => {
    expect(complaints.get(path)).toBeUndefined();
  });

  it("look at types as well: a promise that nobody waits for is refused", () => {
    const rules = execFileSync(join(root, "node_modules/.bin/oxlint"), ["--print-config"], {
      cwd: root,
      encoding: "utf8",
    });
    expect(rules).toContain("typescript/no-floating-promises");
    expect(readFileSync(join(root, ".oxlintrc.json"), "utf8")).toContain('"typeAware": true');
  });
});

interface Complaint {
  readonly filename: string;
  readonly code: string;
}

function lint(folder: string): Complaint[] {
  const { stdout } = spawnSync(join(root, "node_modules/.bin/oxlint"), ["--format", "json", "."], {
    cwd: folder,
    encoding: "utf8",
  });
  const report: unknown = JSON.parse(stdout);
  if (
    typeof report !== "object" ||
    report === null ||
    !("diagnostics" in report) ||
    !Array.isArray(report.diagnostics)
  ) {
    throw new Error(`Expected a report with diagnostics from oxlint, got: ${stdout.slice(0, 500)}`);
  }
  return report.diagnostics.map(({ filename, code }: Complaint) => ({ filename, code }));
}
