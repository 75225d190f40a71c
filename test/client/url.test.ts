import { describe, expect, it } from "vitest";
import { SocketError } from "../../src/client/errors.js";
import { endpointUrl } from "../../src/client/url.js";

describe("the endpoint", () => {
  it.each([
    ["ws://host:4000/socket", undefined, "ws://host:4000/socket/websocket?vsn=2.0.0"],
    ["http://host/socket/", undefined, "ws://host/socket/websocket?vsn=2.0.0"],
    ["https://host/socket", undefined, "wss://host/socket/websocket?vsn=2.0.0"],
    ["wss://host/socket?region=eu#top", undefined, "wss://host/socket/websocket?region=eu&vsn=2.0.0"],
    ["/socket", "https://shop.example/basket?x=1", "wss://shop.example/socket/websocket?vsn=2.0.0"],
    ["//other.example/socket", "http://shop.example/", "ws://other.example/socket/websocket?vsn=2.0.0"],
  ])("of %s on the page %s is %s", (base, page, url) => {
    expect(endpointUrl(base, page)).toBe(url);
  });

  it("is refused when it is no WebSocket URL", () => {
    expect(() => endpointUrl("/socket", undefined)).toThrow(SocketError);
    expect(() => endpointUrl("/socket", undefined)).toThrow("bad_url: /socket");
    expect(() => endpointUrl("ftp://host/socket", undefined)).toThrow("bad_url: ftp://host/socket");
  });
});
