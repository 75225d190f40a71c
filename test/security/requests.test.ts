import { describe, expect, it } from "vitest";
import { RawClient } from "../transport/raw-client.js";
import { answerTo, attacked, expectToServe, SOCKET_PATH, upgradeAnswer } from "./stage.js";

const OK = /^HTTP\/1\.1 101 /;
const REFUSED = /^HTTP\/1\.1 403 /;

describe("a page of somebody else's", () => {
  it.each([
    "https://evil.example",
    "http://example.test.evil.example",
    "http://evil.example/http://example.test",
    "http://example.test:81",
    "http://example.test@evil.example",
    "null",
    "file://",
    "http://",
    "",
    "http://*.example.test",
    "http://sub.example.test",
    "http://example.test.",
  ])("may not connect: %j", async (origin) => {
    const { port, url } = await attacked();
    expect(await upgradeAnswer(port, SOCKET_PATH, [`Origin: ${origin}`])).toMatch(REFUSED);
    await expectToServe(url);
  });

  it("may not connect by a subdomain, a suffix or a scheme that is not listed", async () => {
    const { port } = await attacked({ origins: ["https://app.example.com", "https://*.trusted.example"] });
    const answer = (origin: string) => upgradeAnswer(port, SOCKET_PATH, [`Origin: ${origin}`]);
    expect(await answer("https://app.example.com")).toMatch(OK);
    expect(await answer("https://a.b.trusted.example")).toMatch(OK);
    const foreign = [
      "http://app.example.com",
      "https://app.example.com:8443",
      "https://app.example.com.evil.example",
      "https://evilapp.example.com",
      "https://trusted.example",
      "https://eviltrusted.example",
      "http://example.test",
    ];
    for (const origin of foreign)
      expect([origin, await answer(origin)]).toEqual([origin, expect.stringMatching(REFUSED)]);
  });

  it("may not connect with a second Origin header", async () => {
    const { port } = await attacked();
    const headers = ["Origin: https://evil.example", "Origin: http://example.test"];
    expect(await upgradeAnswer(port, SOCKET_PATH, headers)).not.toMatch(OK);
  });

  it("may not use long polls or event streams either", async () => {
    const { port } = await attacked();
    for (const path of ["/socket/longpoll?vsn=2.0.0", "/socket/events?vsn=2.0.0"]) {
      const request = `GET ${path} HTTP/1.1\r\nHost: example.test\r\nOrigin: https://evil.example\r\nConnection: close\r\n\r\n`;
      const line = await answerTo(port, request);
      expect(line).toMatch(/^HTTP\/1\.1 (200|403) /);
    }
  });
});

describe("a URL", () => {
  it.each([
    ["a query of 15 KB", `&a=${"x".repeat(15_000)}`, OK],
    ["a query above the header limit", `&a=${"x".repeat(20_000)}`, /^HTTP\/1\.1 431 /],
    ["a thousand parameters", "&a=1".repeat(1_000), /^HTTP\/1\.1 400 /],
    ["a thousand empty parameters", "&".repeat(1_000), /^HTTP\/1\.1 400 /],
    ["names nested a thousand deep", `&a${"[b]".repeat(1_000)}=1`, /^HTTP\/1\.1 400 /],
    ["a huge index", "&a[4294967295]=1", OK],
    ["a bad escape", "&a=%", /^HTTP\/1\.1 400 /],
    ["a bad escape in a name", "&%ZZ=1", /^HTTP\/1\.1 400 /],
    ["an overlong UTF-8 sequence", "&a=%c0%af", /^HTTP\/1\.1 400 /],
    ["a lone surrogate in UTF-8", "&a=%ed%a0%80", /^HTTP\/1\.1 400 /],
    ["a NUL", "&a=%00", OK],
    ["a prototype", "&__proto__[polluted]=1", /^HTTP\/1\.1 400 /],
    ["an escaped prototype", "&%5f%5fproto%5f%5f[polluted]=1", /^HTTP\/1\.1 400 /],
    ["a constructor", "&constructor[prototype][polluted]=1", /^HTTP\/1\.1 400 /],
    ["a prototype deep inside", "&a[b][__proto__][polluted]=1", /^HTTP\/1\.1 400 /],
    ["brackets that do not match", "&a[b=1", /^HTTP\/1\.1 400 /],
    ["two versions", "&vsn=9.9.9", REFUSED],
    ["a version as an object", "&vsn[a]=2.0.0", REFUSED],
  ])("with %s is answered", async (_what, query, expected) => {
    const { port, url } = await attacked();
    expect(await upgradeAnswer(port, SOCKET_PATH + query)).toMatch(expected);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
    await expectToServe(url);
  });

  it.each([
    "/socket/../socket/websocket",
    "//socket/websocket",
    "/socket%2fwebsocket",
    "http://x/socket/websocket",
    "*",
    "/",
  ])("that only looks like that of the socket is not: %s", async (path) => {
    const { port } = await attacked();
    expect(await upgradeAnswer(port, `${path}?vsn=2.0.0`)).toMatch(/^HTTP\/1\.1 4\d\d /);
  });
});

describe("a header", () => {
  it.each([
    ["too long", [`X-A: ${"x".repeat(20_000)}`], /^HTTP\/1\.1 431 /],
    ["with a bad key", ["Sec-WebSocket-Key: short"], /^HTTP\/1\.1 400 /],
    ["with another version", ["Sec-WebSocket-Version: 8"], /^HTTP\/1\.1 (400|426) /],
    ["with seventeen subprotocols", [`Sec-WebSocket-Protocol: phoenix${", a".repeat(16)}`], REFUSED],
    [
      "with a subprotocol that splits the answer",
      ["Sec-WebSocket-Protocol: phoenix\u000bX-Evil: 1"],
      /^HTTP\/1\.1 4\d\d /,
    ],
    ["with a token that is not base64", ["Sec-WebSocket-Protocol: phoenix, base64url.bearer.phx.%%%"], REFUSED],
    ["that transfers and upgrades", ["Transfer-Encoding: chunked", "Content-Length: 4"], /^HTTP\/1\.1 4\d\d /],
    ["with a length below nothing", ["Content-Length: -1"], /^HTTP\/1\.1 400 /],
  ])("%s is refused, and harms nobody", async (_what, headers, expected) => {
    const { port, url } = await attacked();
    expect(await upgradeAnswer(port, SOCKET_PATH, headers)).toMatch(expected);
    await expectToServe(url);
  });

  it("that a client repeats two thousand times is refused or cut", async () => {
    const { port, url } = await attacked();
    const headers = Array.from({ length: 2_000 }, (_, i) => `X-${i}: 1`);
    expect(await upgradeAnswer(port, SOCKET_PATH, headers)).toMatch(/^HTTP\/1\.1 (101|431) /);
    await expectToServe(url);
  });

  it("is never written into an answer: what came in it splits none", async () => {
    const { port } = await attacked();
    const client = await RawClient.connect(port);
    client.socket.write(
      `GET ${SOCKET_PATH} HTTP/1.1\r\nHost: example.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nOrigin: http://evil\u0085Set-Cookie: a=b\r\n\r\n",
    );
    const answer = await client.rest();
    expect(answer).not.toMatch(/^Set-Cookie/im);
  });
});

describe("somebody who speaks another protocol", () => {
  it.each([
    ["TLS", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003"],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["SSH", "SSH-2.0-OpenSSH_9.0\r\n"],
    ["Redis", "*1\r\n$4\r\nPING\r\n"],
    ["SMTP", "EHLO evil.example\r\nMAIL FROM:<a@b>\r\n"],
    ["nothing but zeros", "\0".repeat(10_000)],
    ["a request without an end", "GET / HTTP/1.1\r\nHost: x\r\nX: "],
    ["HTTP/0.9", "GET /\r\n\r\n"],
    [
      "two requests of which one is smuggled",
      "POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
    ],
  ])("gets no socket: %s", async (_what, bytes) => {
    const { port, url } = await attacked();
    expect(await answerTo(port, bytes)).toMatch(/^$|^HTTP\/1\.1 4\d\d /);
    await expectToServe(url);
  });

  it.each(["POST", "PUT", "DELETE", "OPTIONS", "HEAD", "TRACE", "PATCH"])("gets no socket by %s", async (method) => {
    const { port } = await attacked();
    const request = `${method} ${SOCKET_PATH} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`;
    expect(await answerTo(port, request)).toMatch(/^HTTP\/1\.1 4\d\d /);
  });

  it("gets no socket by another upgrade", async () => {
    const { port } = await attacked();
    const request = `GET ${SOCKET_PATH} HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAAA\r\n\r\n`;
    expect(await answerTo(port, request)).toMatch(/^HTTP\/1\.1 4\d\d /);
  });

  it("gets no tunnel by CONNECT", async () => {
    const { port, url } = await attacked();
    expect(await answerTo(port, "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n")).toMatch(
      /^$|^HTTP\/1\.1 4\d\d /,
    );
    await expectToServe(url);
  });
});
