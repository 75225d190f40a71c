import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

interface Bundler {
  rolldown(options: { readonly input: string; readonly logLevel: "silent" }): Promise<{
    generate(options: { readonly format: "esm" }): Promise<{ readonly output: readonly [{ readonly code: string }] }>;
  }>;
}

/** The client as one module for a page, made by the bundler that the test runner brings along. */
export async function bundledClient(): Promise<string> {
  const input = fileURLToPath(new URL("../../src/client/index.ts", import.meta.url));
  const fromVitest = createRequire(createRequire(import.meta.url).resolve("vitest/package.json"));
  const fromVite = createRequire(fromVitest.resolve("vite/package.json"));
  const { rolldown } = (await import(pathToFileURL(fromVite.resolve("rolldown")).href)) as Bundler;
  const { output } = await (await rolldown({ input, logLevel: "silent" })).generate({ format: "esm" });
  return output[0].code;
}
