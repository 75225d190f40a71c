import { posix } from "node:path";
import { parseSync } from "oxc-parser";
import type { SourceFile } from "./source-files.js";

/** One place where a file names another module: an import, a re-export or a dynamic import. */
export interface ImportUse {
  /** As written; of a dynamic import that does not name a constant, its source text. */
  readonly specifier: string;
  /** What it names: a path from the root of the repository (`src/index.ts`) or, for a package or a Node module, the specifier. */
  readonly target: string;
  /** `package` stands for an npm package, `node` for a Node module, `file` for a file of this repository. */
  readonly kind: "file" | "node" | "package" | "unknown";
}

/** Every import of a file, in order: static, `export ... from`, and dynamic. Imports inside comments are none. */
export function importsOf(file: SourceFile): ImportUse[] {
  const { module } = parseSync(file.path, file.text);
  const specifiers = [
    ...module.staticImports.map((each) => each.moduleRequest.value),
    ...module.staticExports.flatMap((each) => each.entries.flatMap((entry) => entry.moduleRequest?.value ?? [])),
    ...module.dynamicImports.map((each) => file.text.slice(each.moduleRequest.start, each.moduleRequest.end)),
  ];
  return [...new Set(specifiers)].map((specifier) => resolve(file.path, specifier));
}

function resolve(from: string, written: string): ImportUse {
  // A dynamic import comes with its quotes; without them it is an expression that nobody can follow.
  const quoted = /^(["'])(.*)\1$/.exec(written);
  const specifier = quoted?.[2] ?? written;
  if (quoted === null && !/^[\w@./:-]+$/.test(written)) return { specifier, target: written, kind: "unknown" };
  if (specifier.startsWith("node:")) return { specifier, target: specifier, kind: "node" };
  if (!specifier.startsWith(".")) return { specifier, target: specifier, kind: "package" };
  const path = posix.join(posix.dirname(from), specifier).replace(/\.js$/, ".ts");
  return { specifier, target: path, kind: "file" };
}
