// `npx holdfast` in a clone runs the built file through a link that npm makes once; a rebuilt file must be executable again.
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);
const { bin } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));

for (const [name, path] of Object.entries(bin)) {
  const file = new URL(path, root);
  if (!existsSync(file)) {
    console.error(`Expected the build to make ${fileURLToPath(file)} for the command "${name}", found nothing.`);
    process.exitCode = 1;
    continue;
  }
  if (!readFileSync(file, "utf8").startsWith("#!/usr/bin/env node\n")) {
    console.error(`Expected ${fileURLToPath(file)} to start with the line "#!/usr/bin/env node".`);
    process.exitCode = 1;
  }
  chmodSync(file, 0o755);
}
