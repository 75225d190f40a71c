import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** The programs that some tests need and a machine may lack. */
export const programs = ["chromium"] as const;

/** One of {@link programs}. */
export type Program = (typeof programs)[number];

/** Where headless Chromium is on this machine: `/usr/bin/chromium` or the first `chromium` on PATH; `undefined` if there is none. */
export function chromiumPath(): string | undefined {
  const onPath = (process.env["PATH"] ?? "").split(delimiter).filter((directory) => directory !== "");
  return ["/usr/bin", ...onPath].map((directory) => join(directory, "chromium")).find(isExecutable);
}

/** Where the program is on this machine; `undefined` if it is missing. */
export function locate(program: Program): string | undefined {
  switch (program) {
    case "chromium":
      return chromiumPath();
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
