import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the repository. */
export const repository = fileURLToPath(new URL("../..", import.meta.url));

/** A page for people. */
export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

/** The README and all pages below docs. */
export function pages(): Page[] {
  const below = readdirSync(join(repository, "docs"), { recursive: true, encoding: "utf8" });
  return ["README.md", ...below.filter((path) => path.endsWith(".md")).map((path) => join("docs", path))].map(page);
}

/** One page. */
export function page(path: string): Page {
  return { path, text: readFileSync(join(repository, path), "utf8") };
}

/** The blocks of a page that are programs in TypeScript. */
export function programs({ text }: Page): string[] {
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, program = ""]) => program);
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchors({ text }: Page): Set<string> {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) => title);
  return new Set(
    headings.map((title) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

/** The names that stand in the code marks of a page. */
export function namesIn(text: string): Set<string> {
  return new Set([...text.matchAll(/`([^`\n]+)`/g)].map(([, name = ""]) => name));
}
