import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { publicEntries, publicNames, publicNamesPage } from "./public-names.js";
import { root } from "./source-files.js";

const read = (path: string): { path: string; text: string } => ({ path, text: readFileSync(join(root, path), "utf8") });

describe("the public names", () => {
  it("are those of docs/reference/public-names.md", async () => {
    const page = publicNamesPage(publicEntries().map((entry) => ({ ...entry, ...publicNames(read(entry.path)) })));
    await expect(page).toMatchFileSnapshot(join(root, "docs/reference/public-names.md"));
  });

  it.each(publicEntries())("of $specifier are those that its source lists", async ({ path }) => {
    const module: object = await import(pathToFileURL(join(root, path)).href);
    expect(Object.keys(module).sort()).toEqual(publicNames(read(path)).values);
  });
});

describe("reading the public names", () => {
  const names = (text: string): unknown => publicNames({ path: "index.ts", text });

  it("tells values from types", () => {
    const text = `export { b, type C, d as e } from "./b.js";
export type { F } from "./f.js";
export abstract class G {}
export interface H {}
export type I = 1;
export const a = 1;
import { type K, k } from "./k.js";
export { K, k };`;
    expect(names(text)).toEqual({ values: ["G", "a", "b", "e", "k"], types: ["C", "F", "H", "I", "K"] });
  });

  it("refuses a file that hides names", () => {
    expect(() => names(`export * from "./b.js";`)).toThrow('found "export *"');
    expect(() => names("")).toThrow("it is empty");
  });

  it("finds the source behind each entry of package.json", () => {
    const manifest = JSON.stringify({
      name: "holdfast",
      exports: {
        ".": { types: "./dist/src/index.d.ts", default: "./dist/src/index.js" },
        "./actors": { types: "./dist/actors/index.d.ts", default: "./dist/actors/index.js" },
        "./package.json": "./package.json",
      },
    });
    expect(publicEntries(manifest)).toEqual([
      { specifier: "holdfast", path: "src/index.ts" },
      { specifier: "holdfast/actors", path: "actors/index.ts" },
    ]);
  });

  it("writes a page that changes with every name", () => {
    const page = publicNamesPage([
      { specifier: "holdfast", path: "src/index.ts", values: ["Actor"], types: ["Clock"] },
    ]);
    expect(page).toContain("## `holdfast`\n\nValues:\n\n- `Actor`\n\nTypes:\n\n- `Clock`\n");
  });
});
