// Packs what would be published and looks at it as a user would: `npm run package-check`, after a build.
// publint and attw read the tarball; then it is unpacked beside the dependencies of this clone and every public name is imported from it.
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const work = mkdtempSync(join(tmpdir(), "holdfast-package-"));

try {
  const output = execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", work], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const parsed = JSON.parse(output);
  // npm 11 and older print a list, later ones an object by name.
  const [packed] = Array.isArray(parsed) ? parsed : Object.values(parsed);
  const tarball = join(work, packed.filename);
  console.log(
    `${packed.filename}: ${packed.files.length} files, ${Math.ceil(packed.size / 1024)} KiB packed, ${Math.ceil(packed.unpackedSize / 1024)} KiB unpacked`,
  );

  checkContents(packed.files.map((file) => file.path));
  run("publint", ["run", tarball, "--strict"]);
  run("attw", [
    tarball,
    "--profile",
    "esm-only",
    "--no-definitely-typed",
    "--no-summary",
    "--no-emoji",
    "--no-color",
    "--format",
    "ascii",
  ]);
  importAsUser(tarball);
} finally {
  rmSync(work, { recursive: true, force: true });
}

/**
 * Each built file must stem from a source that is still there: the build does not remove the output of a deleted file.
 *
 * @param {string[]} paths
 */
function checkContents(paths) {
  const wrong = paths.filter((path) => {
    if (/^(package\.json|README\.md|CHANGELOG\.md|LICENSE)$/.test(path)) return false;
    const built = /^dist\/(.+?)(\.d\.ts|\.js)$/.exec(path);
    return built === null || !existsSync(join(root, `${built[1]}.ts`));
  });
  if (wrong.length > 0) {
    throw new Error(
      `Expected only built files with a source and the four documents in the package, got: ${wrong.join(", ")}. Remove dist and build again.`,
    );
  }
  for (const needed of ["README.md", "CHANGELOG.md", "LICENSE"]) {
    if (!paths.includes(needed)) throw new Error(`Expected ${needed} in the package, it is missing.`);
  }
}

/** @param {string} tarball */
function importAsUser(tarball) {
  const home = join(work, "user", "node_modules");
  const installed = join(home, manifest.name);
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"]);
  for (const dependency of Object.keys(manifest.dependencies))
    symlinkSync(join(root, "node_modules", dependency), join(home, dependency));

  const entries = Object.keys(manifest.exports)
    .filter((entry) => entry !== "./package.json")
    .map((entry) => manifest.name + entry.slice(1));
  const program = `for (const entry of ${JSON.stringify(entries)}) {
  const names = Object.keys(await import(entry));
  if (names.length === 0) throw new Error("Expected " + entry + " to export something, got nothing.");
  console.log(entry + ": " + names.length + " values");
}`;
  writeFileSync(join(work, "user", "main.mjs"), program);
  execFileSync(process.execPath, ["main.mjs"], { cwd: join(work, "user"), stdio: "inherit" });

  for (const [name, path] of Object.entries(manifest.bin)) {
    if ((statSync(join(installed, path)).mode & 0o111) === 0)
      throw new Error(`Expected the command ${name} (${path}) to be executable in the package.`);
  }
}

/**
 * @param {string} program one of node_modules/.bin
 * @param {string[]} args
 */
function run(program, args) {
  execFileSync(join(root, "node_modules", ".bin", program), args, { cwd: root, stdio: "inherit" });
}
