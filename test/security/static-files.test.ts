import { describe, expect, it } from "vitest";
import { serve } from "../integration/served.js";
import { RawClient } from "../transport/raw-client.js";
import { servePage } from "../../examples/lobby/static-files.js";

async function get(port: number, target: string): Promise<string> {
  const client = await RawClient.connect(port);
  client.socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  const answer = await client.rest();
  client.destroy();
  return answer;
}

const SECRETS = /root:|"dependencies"|devDependencies|BEGIN [A-Z ]*PRIVATE/;

describe("the lobby's files", () => {
  it.each([
    "/../package.json",
    "/../../../../../../etc/passwd",
    "/..%2f..%2fpackage.json",
    "/%2e%2e/%2e%2e/package.json",
    "/lobby/page/../../../package.json",
    "/holdfast/client/../../../package.json",
    "/holdfast/client/..%5c..%5cpackage.json",
    "/holdfast/client/%00.js",
    "//etc/passwd",
    "///package.json",
    "/package.json",
    "/.git/config",
    "/style.css/",
    "/style.css%00.html",
    "/STYLE.CSS",
    "/__proto__",
    "/constructor",
    "http://evil.example/package.json",
    "/\\..\\..\\package.json",
    "/file:///etc/passwd",
  ])("give nothing of the disk to %s", async (target) => {
    const { port } = await serve({ routes: servePage() });
    const answer = await get(port, target);
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(answer).not.toMatch(SECRETS);
  });

  it("come with headers that let no other page use them, and run no script but their own", async () => {
    const { port } = await serve({ routes: servePage() });
    const answer = await get(port, "/");
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toMatch(/Content-Security-Policy: default-src 'none'/);
    expect(answer).toMatch(/X-Content-Type-Options: nosniff/);
    expect(answer).not.toMatch(/unsafe-(inline|eval)/);
  });

  it.each(["POST", "PUT", "DELETE", "PATCH"])("cannot be written by %s", async (method) => {
    const { port } = await serve({ routes: servePage() });
    const client = await RawClient.connect(port);
    client.socket.write(`${method} /style.css HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    expect(await client.rest()).toMatch(/^HTTP\/1\.1 405 /);
  });
});
