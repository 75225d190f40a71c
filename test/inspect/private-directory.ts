import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A fresh directory with mode 0700 and a short path, removed when the test has finished. */
export async function privateDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "hf-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}
