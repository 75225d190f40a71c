import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A file of this repository: its path from the root, with `/`, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** The root of this repository, with a `/` at the end. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

const notOurs = new Set([".git", "node_modules", "dist", "reports", ".clinic", "coverage"]);

/** Every file below `folder` (from the root) whose name ends in one of `endings`, except what is installed, built or measured; sorted by path. */
export function filesBelow(folder: string, endings: readonly string[]): SourceFile[] {
  return pathsBelow(folder)
    .filter((path) => endings.some((ending) => path.endsWith(ending)))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

/** The rooms that are published: `src`, `actors` and `supervisors`. */
export function publishedFiles(): SourceFile[] {
  return ["src", "actors", "supervisors"].flatMap((folder) => filesBelow(folder, [".ts"]));
}

/** All program text of the repository, scripts and configuration included. */
export function programFiles(): SourceFile[] {
  return filesBelow("", [".ts", ".mts", ".js", ".mjs"]);
}

function pathsBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return notOurs.has(entry.name) ? [] : pathsBelow(path);
    return entry.isFile() ? [path] : [];
  });
}
