/** What must be there before anything is measured: the bench's own packages, a fresh build, compiled Erlang programs. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import { BENCH } from "./context.mjs";
import { ProgramError, ended } from "./child.mjs";

const ROOT = resolve(BENCH, "..");

/**
 * Installs the peers and Clinic when they are not there, or are not those of the lock file. No package's own script is run.
 *
 * @param {import("./progress.mjs").ProgressLine} line
 * @throws {ProgramError} when that fails, saying how to go on without a network
 */
export async function installPackages(line) {
  if (isInstalled()) return;
  line.note("Installing what the benches compare with (bench/package-lock.json), once ...");
  const startedAtMs = performance.now();
  const timer = setInterval(
    () => line.show(`npm ci, ${Math.round((performance.now() - startedAtMs) / 1_000)} s`),
    1_000,
  );
  const npm = spawn(
    "npm",
    ["ci", "--prefix", BENCH, "--ignore-scripts", "--no-fund", "--no-audit", "--loglevel=error"],
    {
      stdio: ["ignore", "ignore", "pipe"],
      shell: process.platform === "win32",
    },
  );
  let errors = "";
  npm.stderr.setEncoding("utf8").on("data", (text) => {
    errors = (errors + text).slice(0, 400);
  });
  const { code } = await ended(npm, 900_000).finally(() => clearInterval(timer));
  if (code === 0) return;
  throw new ProgramError(
    `Cannot install bench/package-lock.json (npm ci ended with ${code}): a bench needs the network once.\n` +
      `Without one, copy bench/node_modules from a machine that has it.\n${errors.trim()}`,
  );
}

/**
 * Builds the package, unless `HOLDFAST_DIST` names another build.
 *
 * @throws {ProgramError} with the compiler's errors
 */
export async function build() {
  if (process.env["HOLDFAST_DIST"] !== undefined) return;
  const npm = spawn("npm", ["run", "build", "--silent"], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    shell: process.platform === "win32",
  });
  let output = "";
  for (const stream of [npm.stdout, npm.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output = (output + text).slice(-4_000);
    });
  }
  const { code } = await ended(npm, 300_000);
  if (code !== 0) throw new ProgramError(`Cannot measure: the build fails.\n${output.trim()}`);
}

/**
 * Compiles the Erlang programs, where Erlang is installed.
 *
 * @returns {string | undefined} the folder with the result; `undefined` when there is no Erlang
 * @throws {ProgramError} when there is one and they do not compile
 */
export function compileBeam() {
  if (spawnSync("erlc", ["-help"], { stdio: "ignore" }).error !== undefined) return undefined;
  const target = resolve(BENCH, "reports/beam");
  mkdirSync(target, { recursive: true });
  const peers = resolve(BENCH, "peers");
  const sources = readdirSync(peers).filter((name) => name.endsWith(".erl"));
  const { status, stdout, stderr } = spawnSync("erlc", ["-o", target, ...sources], { cwd: peers, encoding: "utf8" });
  if (status !== 0) throw new ProgramError(`Cannot compile bench/peers: erlc ended with ${status}\n${stdout}${stderr}`);
  return target;
}

/**
 * Looks for gproc, which is no part of Erlang: where `erl` finds it by itself, or through `ERL_LIBS`, it is measured.
 *
 * @returns {boolean}
 */
export function hasGproc() {
  const look = "halt(case code:which(gproc) of non_existing -> 1; _ -> 0 end).";
  return spawnSync("erl", ["-noshell", "-eval", look], { stdio: "ignore" }).status === 0;
}

/**
 * Reads the Node flags of `npm start`, so that what is measured is what is shipped.
 *
 * @returns {string[]}
 */
export function shippedFlags() {
  const { scripts = {} } = JSON.parse(readFileSync(resolve(ROOT, "package.json"), "utf8"));
  const command = /\bnode((?:\s+--?[^\s]+)*)\s+[^-\s]/.exec(scripts.start ?? "")?.[1] ?? "";
  return command.split(/\s+/).filter((word) => word !== "");
}

function isInstalled() {
  const { packages = {} } = JSON.parse(readFileSync(resolve(BENCH, "package-lock.json"), "utf8"));
  const wanted = Object.keys(packages[""]?.dependencies ?? {});
  return wanted.every((name) => {
    const manifest = resolve(BENCH, "node_modules", name, "package.json");
    return (
      existsSync(manifest) &&
      JSON.parse(readFileSync(manifest, "utf8")).version === packages[`node_modules/${name}`]?.version
    );
  });
}
