// Adds to the lock file what `npm install` leaves out: the builds of a tool for other platforms, where the registry in use does not carry them.
// Without them `npm ci` of npm 11.16 and later refuses the very lock file that `npm install` made (https://github.com/npm/cli/issues/9846).
// Run it after a change of dependencies: node scripts/complete-lock.mjs [package-lock.json ...]
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const OS = new Set([
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
]);
const CPU = new Set(["arm", "arm64", "ia32", "loong64", "ppc64", "riscv64", "s390x", "wasm32", "x64"]);
const LIBC = new Map([
  ["gnu", "glibc"],
  ["gnueabihf", "glibc"],
  ["musl", "musl"],
  ["musleabihf", "musl"],
]);

const paths =
  process.argv.length > 2 ? process.argv.slice(2) : [fileURLToPath(new URL("../package-lock.json", import.meta.url))];
for (const path of paths) {
  const lock = JSON.parse(readFileSync(path, "utf8"));
  const added = complete(lock.packages);
  if (added.length > 0) {
    lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en")));
    writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
  }
  console.log(`${path}: ${added.length === 0 ? "complete" : `added ${added.length} (${added.join(", ")})`}`);
}

/** Adds an entry for each optional dependency that has none; gives their names. */
function complete(packages) {
  const added = [];
  for (const [place, owner] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(owner.optionalDependencies ?? {})) {
      if (isLocked(packages, place, name)) continue;
      if (!/^\d+\.\d+\.\d+/.test(version)) {
        throw new Error(
          `Expected ${place} to ask for one version of ${name}, got "${version}": lock it where the registry has it`,
        );
      }
      packages[`node_modules/${name}`] = entry(place, owner, name, version);
      added.push(name);
    }
  }
  return added;
}

/** Node's way to look for a package: in the owner's own node_modules, then in each folder above. */
function isLocked(packages, place, name) {
  for (let from = place; ; from = from.slice(0, Math.max(0, from.lastIndexOf("/node_modules/")))) {
    if (packages[from === "" ? `node_modules/${name}` : `${from}/node_modules/${name}`] !== undefined) return true;
    if (from === "") return false;
  }
}

/** What npm would write for a build for one platform, but for the checksum, which only its registry knows. */
function entry(place, owner, name, version) {
  const words = name.split("/").at(-1).split("-");
  const os = words.filter((word) => OS.has(word));
  const cpu = words.filter((word) => CPU.has(word));
  const libc = words.flatMap((word) => LIBC.get(word) ?? []);
  if (cpu.length === 0) throw new Error(`Expected the name of ${name}, which ${place} may use, to tell its platform`);
  return {
    version,
    cpu,
    ...(owner.dev ? { dev: true } : {}),
    ...(os.includes("linux") && libc.length > 0 ? { libc } : {}),
    ...(owner.license === undefined ? {} : { license: owner.license }),
    optional: true,
    ...(os.length === 0 ? {} : { os }),
    ...(owner.engines === undefined ? {} : { engines: owner.engines }),
  };
}
