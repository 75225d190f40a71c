import { createRequire } from "node:module";
import { isRecord } from "./json.js";

let known: string | undefined;

/** The version of this holdfast package, read from its package.json once. */
export function packageVersion(): string {
  if (known === undefined) {
    const manifest: unknown = createRequire(import.meta.url)("holdfast/package.json");
    const version = isRecord(manifest) ? manifest["version"] : undefined;
    known = typeof version === "string" ? version : "unknown";
  }
  return known;
}
