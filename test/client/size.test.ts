import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, it, onTestFinished } from "vitest";

interface Bundler {
  rolldown(options: { readonly input: string; readonly logLevel: "silent" }): Promise<{
    generate(options: {
      readonly format: "esm";
      readonly minify: true;
      readonly comments: false;
    }): Promise<{ readonly output: readonly [{ readonly code: string }] }>;
  }>;
}

const client = fileURLToPath(new URL("../../src/client/", import.meta.url));

/** The bundler that the test runner brings along. */
async function bundler(): Promise<Bundler> {
  const fromVitest = createRequire(createRequire(import.meta.url).resolve("vitest/package.json"));
  const fromVite = createRequire(fromVitest.resolve("vite/package.json"));
  return (await import(pathToFileURL(fromVite.resolve("rolldown")).href)) as Bundler;
}

/** The bytes that a page loads for a module that exports this: bundled, minified and gzipped. */
async function sizeOf(text: string): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), "client-size-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const input = join(directory, "page.ts");
  writeFileSync(input, text);
  const bundle = await (await bundler()).rolldown({ input, logLevel: "silent" });
  const { output } = await bundle.generate({ format: "esm", minify: true, comments: false });
  return gzipSync(output[0].code, { level: 9 }).length;
}

it("a page loads less than 6 KiB for the whole client, and little more for the other way where WebSockets are blocked", async () => {
  const from = (file: string): string => JSON.stringify(join(client, file));
  const sizes = {
    socket: await sizeOf(`export { Socket, PushError, SocketError } from ${from("index.ts")};`),
    everything: await sizeOf(`export * from ${from("index.ts")};`),
    withFallback: await sizeOf(`export * from ${from("index.ts")}; export * from ${from("fallback.ts")};`),
  };
  console.info(`the client, bundled, minified and gzipped, in bytes: ${JSON.stringify(sizes)}`);
  expect(sizes.everything).toBeLessThan(6 * 1_024);
  expect(sizes.withFallback).toBeLessThan(8 * 1_024);
});
