/** The part of a lock file that the checks read. */
export interface LockFile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

/** One package in a lock file, by its place (`node_modules/a/node_modules/b`). */
export interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** What would make `npm ci` fail on another machine, or tie it to one registry; one sentence each. */
export function wrongEntries(lock: LockFile): string[] {
  return Object.entries(lock.packages).flatMap(([place, locked]) => [
    ...(place !== "" && locked.version === undefined ? [`${place} has no version`] : []),
    ...(locked.resolved?.includes("://") === true
      ? [`${place} names a registry: npm install with the .npmrc of this repository`]
      : []),
    ...Object.keys(locked.optionalDependencies ?? {})
      .filter((name) => !isLocked(lock, place, name))
      .map((name) => `${place} may use ${name}, which is not locked: run node scripts/complete-lock.mjs`),
  ]);
}

function isLocked(lock: LockFile, place: string, name: string): boolean {
  // Node's way to look for a package: in the owner's own node_modules, then in each folder above.
  const owners = place.split("/node_modules/");
  return (
    owners.some(
      (_, depth) => lock.packages[`${owners.slice(0, depth + 1).join("/node_modules/")}/node_modules/${name}`],
    ) || `node_modules/${name}` in lock.packages
  );
}
