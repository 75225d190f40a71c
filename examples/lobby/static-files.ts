import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";

/** One file that is served, with the headers it is served with. */
interface StaticFile {
  readonly body: Buffer;
  readonly type: string;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/**
 * Makes the listener that serves the page: its own files and the client's, from a list that is made once, in memory.
 *
 * No path of a request ever becomes a path of the disk, so there is nothing to escape from. The page's script and the client are plain
 * modules as the compiler wrote them; an import map in the page says where `holdfast/client` is.
 *
 * @throws the error of the file system when the repository has not been built
 */
export function servePage(): (request: IncomingMessage, response: ServerResponse) => void {
  const files = readFiles();
  const headers = { "Content-Security-Policy": policyFor(files), ...HEADERS };
  return (request, response) => {
    const file = files.get((request.url ?? "/").replace(/[?#].*$/s, ""));
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { ...headers, Allow: "GET, HEAD", "Content-Type": "text/plain" }).end("only GET\n");
    } else if (file === undefined) {
      response.writeHead(404, { ...headers, "Content-Type": "text/plain" }).end("there is no such page here\n");
    } else {
      response.writeHead(200, { ...headers, "Content-Type": file.type, "Content-Length": file.body.length });
      response.end(request.method === "HEAD" ? undefined : file.body);
    }
  };
}

const HEADERS = {
  "Cache-Control": "no-cache",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
} as const;

function readFiles(): ReadonlyMap<string, StaticFile> {
  // The compiler copies no html and css: those are served from the sources.
  const root = dirname(createRequire(import.meta.url).resolve("holdfast/package.json"));
  const page = join(root, "examples/lobby/page");
  const built = join(root, "dist");
  return new Map([
    ["/", read(join(page, "index.html"))],
    ["/style.css", read(join(page, "style.css"))],
    ["/icon.svg", read(join(page, "icon.svg"))],
    ["/lobby/wire.js", read(join(built, "examples/lobby/wire.js"))],
    ...scripts("/lobby/page", join(built, "examples/lobby/page")),
    ...scripts("/holdfast/client", join(built, "src/client")),
    ...scripts("/holdfast/protocol", join(built, "src/protocol")),
  ]);
}

function scripts(url: string, directory: string): [string, StaticFile][] {
  const names = readdirSync(directory).filter((name) => name.endsWith(".js"));
  return names.map((name) => [`${url}/${name}`, read(join(directory, name))]);
}

function read(path: string): StaticFile {
  return { body: readFileSync(path), type: TYPES[extname(path)] ?? "application/octet-stream" };
}

/** Only what this server serves may be loaded, and no script of the page's own but the import map, which its hash stands for. */
function policyFor(files: ReadonlyMap<string, StaticFile>): string {
  const html = files.get("/")?.body.toString("utf8") ?? "";
  const map = /<script type="importmap">(.*?)<\/script>/s.exec(html)?.[1] ?? "";
  const hash = createHash("sha256").update(map).digest("base64");
  return [
    "default-src 'none'",
    `script-src 'self' 'sha256-${hash}'`,
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}
