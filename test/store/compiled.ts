import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const repository = fileURLToPath(new URL("../..", import.meta.url));

/** Programs of this folder, compiled, so that a process of their own can run them. */
export interface Compiled {
  /** The path of a program's script. */
  script(name: string): string;
  remove(): Promise<void>;
}

/** Compiles programs of this folder, or of another one, with all that they use. */
export async function compile(names: readonly string[], folder = "test/store"): Promise<Compiled> {
  const place = await mkdtemp(join(tmpdir(), "holdfast-store-program-"));
  const config = {
    extends: join(repository, "tsconfig.json"),
    compilerOptions: {
      rootDir: repository,
      outDir: place,
      noEmit: false,
      incremental: false,
      tsBuildInfoFile: null,
      typeRoots: [join(repository, "node_modules/@types")],
    },
    files: names.map((name) => join(repository, folder, `${name}.ts`)),
    include: [],
  };
  await writeFile(join(place, "tsconfig.json"), JSON.stringify(config));
  await writeFile(join(place, "package.json"), JSON.stringify({ type: "module" }));
  await symlink(join(repository, "node_modules"), join(place, "node_modules"));
  try {
    await promisify(execFile)(join(repository, "node_modules/.bin/tsc"), ["-p", place]);
  } catch (error) {
    await rm(place, { recursive: true, force: true });
    if (error instanceof Error && "stdout" in error) throw new Error(String(error.stdout), { cause: error });
    throw error;
  }
  return {
    script: (name) => join(place, folder, `${name}.js`),
    remove: () => rm(place, { recursive: true, force: true }),
  };
}
