import type { Reporter, TestModule } from "vitest/node";
import { howToInstall, leftOutTitle, programs } from "./programs.js";

/**
 * Says loudly, at the end of a run, which tests were left out because a program is missing on this machine.
 *
 * It knows them by the skipped test that `requireOrAnnounce` puts into their file.
 */
export class LeftOutReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = leftOutLines(
      modules.map((module) => ({ path: module.relativeModuleId, skipped: skippedTitles(module) })),
    );
    if (lines.length > 0) console.log(`\n${lines.join("\n")}`);
  }
}

/** What the reporter prints for these test files; nothing if no file lacks a program. */
export function leftOutLines(
  files: readonly { readonly path: string; readonly skipped: readonly string[] }[],
): string[] {
  const lines: string[] = [];
  for (const program of programs) {
    const title = leftOutTitle(program);
    const lacking = files.filter((file) => file.skipped.includes(title));
    if (lacking.length === 0) continue;
    lines.push(`!!! LEFT OUT: this machine has no ${program}, so these tests did not run:`);
    // One of the skipped tests is the announcement itself.
    for (const file of lacking) lines.push(`!!!   ${file.path} (${file.skipped.length - 1} tests)`);
    lines.push(`!!! ${howToInstall(program)}`);
  }
  return lines;
}

function skippedTitles(module: TestModule): string[] {
  return [...module.children.allTests("skipped")].map((test) => test.name);
}
