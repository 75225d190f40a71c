import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync } from "oxc-parser";
import { root, type SourceFile } from "./source-files.js";

/** One way into the package: the specifier that users import and the source file behind it. */
export interface Entry {
  readonly specifier: string;
  readonly path: string;
}

/** What an entry exports, sorted. */
export interface PublicNames {
  readonly values: readonly string[];
  readonly types: readonly string[];
}

/** The entries that package.json offers, found from the built files that it names. */
export function publicEntries(manifest: string = readFileSync(join(root, "package.json"), "utf8")): Entry[] {
  const { name, exports }: { name: string; exports: Record<string, string | { readonly default: string }> } =
    JSON.parse(manifest);
  return Object.entries(exports).flatMap(([entry, target]) => {
    if (typeof target === "string") return [];
    const path = target.default.replace(/^\.\/dist\//, "").replace(/\.js$/, ".ts");
    return [{ specifier: name + entry.slice(1), path }];
  });
}

/**
 * The names that a file exports, read from its text: types leave no trace in a built module.
 *
 * @throws {Error} if the file has an `export *`, which hides names
 */
export function publicNames(file: SourceFile): PublicNames {
  const { program, module } = parseSync(file.path, file.text);
  const values = new Set<string>();
  const types = new Set<string>();
  for (const entry of module.staticExports.flatMap((each) => each.entries)) {
    if (entry.exportName.name === null) throw new Error(`Expected ${file.path} to name each export, found "export *"`);
    (entry.isType ? types : values).add(entry.exportName.name);
  }
  // `export { Name }` of something that was imported as a type is a type, too.
  const importedTypes = module.staticImports.flatMap((each) => each.entries).filter((entry) => entry.isType);
  for (const { localName } of importedTypes) if (values.delete(localName.value)) types.add(localName.value);
  if (program.body.length === 0) throw new Error(`Expected ${file.path} to export something, it is empty`);
  return { values: [...values].sort(), types: [...types].sort() };
}

/** The list of all public names, as it is kept in docs/reference/public-names.md. */
export function publicNamesPage(entries: readonly (Entry & PublicNames)[]): string {
  const lines = [
    "# Public names",
    "",
    "Everything that the package exports, by entry. A test compares this page with the source; after a wanted change run",
    "`npx vitest run test/house/public-names.test.ts -u` and record the change in CHANGELOG.md.",
    "",
  ];
  for (const { specifier, values, types } of entries) {
    lines.push(`## \`${specifier}\``, "");
    lines.push(...list("Values", values), ...list("Types", types));
  }
  return lines.join("\n").replace(/\n*$/, "\n");
}

function list(title: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`${title}:`, "", ...names.map((name) => `- \`${name}\``), ""];
}
