import { test } from "vitest";
import { howToInstall, isRequired, leftOutTitle, locate, type Program } from "./programs.js";

export { chromiumPath } from "./programs.js";

/**
 * Tells whether the tests of this file that need `program` can run, and sees to it that nobody overlooks when they cannot.
 *
 * Call it once at the top of a test file: `describe.runIf(requireOrAnnounce("chromium"))("in a browser", ...)`. When the program is missing it
 * adds one test to the file: skipped, and announced at the end of the run; or failing, if the environment variable HOLDFAST_REQUIRE
 * (names with commas between them) asks for the program.
 */
export function requireOrAnnounce(program: Program): boolean {
  if (locate(program) !== undefined) return true;
  test.runIf(isRequired(program, process.env["HOLDFAST_REQUIRE"]))(leftOutTitle(program), () => {
    throw new Error(
      `Expected ${program} on this machine, because HOLDFAST_REQUIRE names it; found none. ${howToInstall(program)}`,
    );
  });
  return false;
}
