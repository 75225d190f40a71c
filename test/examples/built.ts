import { execFile } from "node:child_process";
import { copyFile, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const repository = fileURLToPath(new URL("../..", import.meta.url));

/** A built copy of the repository, as `npm start` has it. */
export interface Built {
  /** Its root: the place of package.json and dist. */
  readonly root: string;
  /** Compiles programs of somebody who has installed the package, by name, and gives the directory of the scripts that came out. */
  compile(programs: Readonly<Record<string, string>>): Promise<string>;
  /** Removes it. */
  remove(): Promise<void>;
}

/**
 * Compiles the repository into a directory of its own.
 *
 * So no earlier build is taken for this one, and tests that run at the same time do not write into each other's files.
 */
export async function build(): Promise<Built> {
  const root = await mkdtemp(join(tmpdir(), "holdfast-built-"));
  const typeRoots = [join(repository, "node_modules/@types")];
  const compilerOptions = {
    rootDir: repository,
    outDir: join(root, "dist"),
    noEmit: false,
    incremental: false,
    tsBuildInfoFile: null,
    typeRoots,
  };
  const include = ["src", "actors", "supervisors", "examples"].map((folder) => join(repository, folder));
  const config = { extends: join(repository, "tsconfig.json"), compilerOptions, include };
  await writeFile(join(root, "tsconfig.json"), JSON.stringify(config));
  await copyFile(join(repository, "package.json"), join(root, "package.json"));
  await symlink(join(repository, "node_modules"), join(root, "node_modules"));
  await symlink(join(repository, "examples"), join(root, "examples"));
  const remove = (): Promise<void> => rm(root, { recursive: true, force: true });
  try {
    await tsc(root);
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    root,
    compile: (programs) => compile(root, typeRoots, programs),
    remove,
  };
}

async function compile(
  root: string,
  typeRoots: readonly string[],
  programs: Readonly<Record<string, string>>,
): Promise<string> {
  const place = await mkdtemp(join(root, "programs-"));
  const files = Object.keys(programs).map((name) => join(place, `${name}.ts`));
  // An export makes a module of it, as a file of its own would be.
  await Promise.all(
    Object.values(programs).map((text, index) => writeFile(files[index] ?? "", `${text}\nexport {};\n`)),
  );
  // Without the repository's paths: the types are found as in an installed package.
  const compilerOptions = { rootDir: place, outDir: place, paths: {}, typeRoots, noEmit: false, incremental: false };
  const config = { extends: join(repository, "tsconfig.json"), compilerOptions, files, include: [] };
  await writeFile(join(place, "tsconfig.json"), JSON.stringify(config));
  await tsc(place);
  return place;
}

async function tsc(place: string): Promise<void> {
  try {
    await promisify(execFile)(join(repository, "node_modules/.bin/tsc"), ["-p", place]);
  } catch (error) {
    if (error instanceof Error && "stdout" in error) throw new Error(String(error.stdout), { cause: error });
    throw error;
  }
}
