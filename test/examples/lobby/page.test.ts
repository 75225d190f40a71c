import { beforeAll, describe, expect, it } from "vitest";
import { type Built, build } from "../built.js";
import { openLobby } from "./lobby-server.js";

let built: Built;
beforeAll(async () => {
  built = await build();
  return () => built.remove();
}, 60_000);

/** The addresses that a module imports, as a browser would resolve them. */
function importsOf(address: URL, text: string, map: Readonly<Record<string, string>>): URL[] {
  const specifiers = [...text.matchAll(/(?:^|\n)(?:import|export)[^;]*?from "([^"]+)"/g)].map(([, name = ""]) => name);
  return specifiers.map((name) => new URL(map[name] ?? name, address));
}

describe("the lobby's page", () => {
  it("has every module that it imports", async () => {
    const { url } = await openLobby(built);
    const html = await (await fetch(url)).text();
    const { imports } = JSON.parse(/<script type="importmap">(.*?)<\/script>/s.exec(html)?.[1] ?? "") as {
      imports: Record<string, string>;
    };
    const seen = new Set<string>();
    const todo = [new URL("/lobby/page/page.js", url)];
    for (let address = todo.pop(); address !== undefined; address = todo.pop()) {
      if (seen.has(address.href)) continue;
      seen.add(address.href);
      const response = await fetch(address);
      expect([address.pathname, response.status]).toEqual([address.pathname, 200]);
      expect(response.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
      todo.push(...importsOf(address, await response.text(), imports));
    }
    expect([...seen].some((href) => new URL(href).pathname.startsWith("/holdfast/protocol/"))).toBe(true);
  });

  it("has its style and its icon, and nothing from elsewhere", async () => {
    const { url } = await openLobby(built);
    const html = await (await fetch(url)).text();
    for (const [, path = ""] of html.matchAll(/(?:href|src)="([^"#]*)"/g)) {
      expect(path).toMatch(/^\//);
      expect((await fetch(new URL(path, url))).status).toBe(200);
    }
  });

  it("allows no script but its own, and no frame around it", async () => {
    const { url } = await openLobby(built);
    const { headers } = await fetch(url);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  });

  it("serves nothing that is not on its list", async () => {
    const { url } = await openLobby(built);
    for (const path of [
      "/package.json",
      "/lobby/main.js",
      "/holdfast/client/",
      "/%2e%2e/package.json",
      "//etc/passwd",
    ]) {
      expect([path, (await fetch(url + path)).status]).toEqual([path, 404]);
    }
    expect((await fetch(url, { method: "POST", body: "x" })).status).toBe(405);
    const head = await fetch(url, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });
});
