import { describe, expect, it } from "vitest";
import { checkHandshake, switchingProtocols } from "../../src/transport/handshake.js";

const headers = {
  upgrade: "WebSocket",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-version": "13",
};

describe("the handshake", () => {
  it("answers the example of RFC 6455 as it says", () => {
    const checked = checkHandshake("GET", headers);
    if (!checked.ok) throw new Error(checked.message);
    expect(switchingProtocols(checked.key, "chat").split("\r\n")).toEqual([
      "HTTP/1.1 101 Switching Protocols",
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
      "Sec-WebSocket-Protocol: chat",
      "",
      "",
    ]);
    expect(switchingProtocols(checked.key, undefined)).not.toContain("Protocol:");
  });

  it("refuses what is no handshake, in HTTP", () => {
    expect(checkHandshake("POST", headers)).toMatchObject({ ok: false, status: 400 });
    expect(checkHandshake("GET", { ...headers, upgrade: "h2c" })).toMatchObject({ ok: false, status: 400 });
    expect(checkHandshake("GET", { ...headers, "sec-websocket-key": "short" })).toMatchObject({
      ok: false,
      status: 400,
    });
    expect(checkHandshake("GET", { upgrade: "websocket", "sec-websocket-version": "13" })).toMatchObject({
      status: 400,
    });
    expect(checkHandshake("GET", { ...headers, "sec-websocket-version": "8" })).toMatchObject({
      ok: false,
      status: 426,
      headers: { "Sec-WebSocket-Version": "13" },
    });
  });
});
