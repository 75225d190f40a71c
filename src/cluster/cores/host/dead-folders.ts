import { lstat, readdir, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import type { Clock } from "../../../kernel/clock.js";
import { hostSocket } from "../core-place.js";

/** How the folder of a host begins to be called. */
export const FOLDER_PREFIX = "holdfast-cores-";
/** So old is a folder without a host's socket that nobody is just about to make one there. */
const ABANDONED_MS = 60_000;

/**
 * Removes the folders of hosts that were killed together with all of their cores: where one of these lives on, it does so itself.
 *
 * Whether a host lives is asked of its socket. Folders of other users are left alone, and so is what cannot be removed.
 */
export async function removeDeadFolders(parent: string, clock: Clock): Promise<void> {
  const names = (await readdir(parent)).filter((name) => name.startsWith(FOLDER_PREFIX));
  await Promise.all(names.map((name) => removeIfDead(join(parent, name), clock)));
}

async function removeIfDead(folder: string, clock: Clock): Promise<void> {
  try {
    const { uid, mtimeMs } = await lstat(folder);
    if (uid !== process.getuid?.()) return;
    const state = await stateOf(hostSocket(folder));
    if (state === "lives" || (state === "none" && clock.wallTime() - mtimeMs < ABANDONED_MS)) return;
    await rm(folder, { recursive: true, force: true });
  } catch {
    // Another host is removing it as well, or it is not ours after all: it harms nobody.
  }
}

function stateOf(path: string): Promise<"lives" | "dead" | "none"> {
  return new Promise((resolve) => {
    const probe = createConnection(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve("lives");
    });
    probe.once("error", (error) => {
      const code: unknown = Reflect.get(error, "code");
      resolve(code === "ECONNREFUSED" ? "dead" : code === "ENOENT" ? "none" : "lives");
    });
  });
}
