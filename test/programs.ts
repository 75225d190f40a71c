import { accessSync, constants, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The programs that some tests need and a machine may lack. */
export const programs = ["chromium", "curl", "postgres"] as const;

/** One of {@link programs}. */
export type Program = (typeof programs)[number];

/** Where headless Chromium is on this machine: `/usr/bin/chromium` or the first `chromium` on PATH; `undefined` if there is none. */
export function chromiumPath(): string | undefined {
  return ["/usr/bin", ...onPath()].map((directory) => join(directory, "chromium")).find(isExecutable);
}

/** The directory with PostgreSQL's `initdb` and `postgres`: on PATH, or the newest where Debian has them; `undefined` if there is none. */
export function postgresBin(): string | undefined {
  return [...onPath(), ...debianPostgres()].find((directory) =>
    ["initdb", "postgres"].every((program) => isExecutable(join(directory, program))),
  );
}

/** Where the program is on this machine; `undefined` if it is missing. */
export function locate(program: Program): string | undefined {
  switch (program) {
    case "chromium":
      return chromiumPath();
    case "curl":
      return onPath()
        .map((directory) => join(directory, "curl"))
        .find(isExecutable);
    case "postgres":
      return postgresBin();
  }
}

/** Whether `wanted`, the value of HOLDFAST_REQUIRE, names the program. */
export function isRequired(program: Program, wanted: string | undefined): boolean {
  return (wanted ?? "")
    .split(",")
    .map((name) => name.trim())
    .includes(program);
}

/** The title of the test that stands for those left out. */
export function leftOutTitle(program: Program): string {
  return `needs ${program}`;
}

/** One sentence on how to get the program. */
export function howToInstall(program: Program): string {
  switch (program) {
    case "chromium":
      return "To run them: apt-get install chromium. To make a missing program a failure: HOLDFAST_REQUIRE=chromium npm test";
    case "curl":
      return "To run them: apt-get install curl. To make a missing program a failure: HOLDFAST_REQUIRE=curl npm test";
    case "postgres":
      return "To run them: apt-get install postgresql. To make a missing program a failure: HOLDFAST_REQUIRE=postgres npm test";
  }
}

function onPath(): string[] {
  return (process.env["PATH"] ?? "").split(delimiter).filter((directory) => directory !== "");
}

/** The newest version first. */
function debianPostgres(): string[] {
  const root = "/usr/lib/postgresql";
  try {
    const versions = readdirSync(root).sort((one, other) => Number(other) - Number(one));
    return versions.map((version) => join(root, version, "bin"));
  } catch {
    // No such directory: it is not installed that way.
    return [];
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
