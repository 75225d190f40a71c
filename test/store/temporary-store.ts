import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { embeddedStore } from "../../src/store/embedded-store.js";
import type { EmbeddedStoreOptions } from "../../src/store/embedded-options.js";
import type { DamageReport } from "../../src/store/damage.js";
import type { Store } from "../../src/store/store-port.js";

/** A directory that is removed after the test, with a path in it where no store is yet. */
export async function temporaryPath(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-store-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return join(directory, "store");
}

/** An embedded store that is closed after the test, and what damage it reported. */
export async function opened(
  path: string,
  options: Partial<EmbeddedStoreOptions> = {},
): Promise<{ readonly store: Store; readonly damage: DamageReport[] }> {
  const damage: DamageReport[] = [];
  const store = await embeddedStore({ path, onDamage: (report) => damage.push(report), ...options });
  onTestFinished(() => store.close());
  return { store, damage };
}
