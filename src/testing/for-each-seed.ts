/** Options of {@link forEachSeed}. */
export interface SeedOptions {
  /** The first seed; 1 by default. */
  readonly first?: number;
  /** The one seed to run instead of all; that of the environment variable `HOLDFAST_SEED` by default. */
  readonly only?: number | undefined;
}

/** The error of a run that failed under a seed: says which, and how to run it again; `cause` is what went wrong. */
export class SeedError extends Error {
  override readonly name = "SeedError";
  readonly seed: number;

  constructor(seed: number, cause: unknown) {
    const text = cause instanceof Error ? cause.message : String(cause);
    super(`Failed with seed ${seed}: ${text}\nRun it again with HOLDFAST_SEED=${seed} in the environment.`, { cause });
    this.seed = seed;
    if (cause instanceof Error && cause.stack !== undefined) this.stack = `${this.message}\n${cause.stack}`;
  }
}

/**
 * Runs a test once for each of `count` seeds, one after another, and stops at the first that fails.
 *
 * ```ts
 * await forEachSeed(100, async (seed) => {
 *   const { system, stop } = await createTestSystem({ seed });
 *   …
 *   await stop();
 * });
 * ```
 *
 * With `HOLDFAST_SEED=17` in the environment only seed 17 runs, so that a failure can be looked into.
 *
 * @throws {SeedError} that names the seed
 */
export async function forEachSeed(
  count: number,
  run: (seed: number) => void | Promise<void>,
  options: SeedOptions = {},
): Promise<void> {
  const only = "only" in options ? options.only : seedOfEnvironment(process.env["HOLDFAST_SEED"]);
  const first = only ?? options.first ?? 1;
  const last = only ?? first + count - 1;
  for (let seed = first; seed <= last; seed++) {
    try {
      await run(seed);
    } catch (thrown) {
      throw new SeedError(seed, thrown);
    }
  }
}

function seedOfEnvironment(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const seed = Number(text);
  if (Number.isSafeInteger(seed)) return seed;
  throw new RangeError(`Expected HOLDFAST_SEED to be a whole number, got ${JSON.stringify(text)}`);
}
