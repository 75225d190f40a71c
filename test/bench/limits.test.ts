import { describe, expect, it } from "vitest";
import { readArguments } from "../../bench/harness/arguments.mjs";
import { isLoopback, requireDescriptors, requireLoopback } from "../../bench/load/limits.mjs";
import { readTarget, targetOptions } from "../../bench/load/target.mjs";

function target(...words: string[]): object {
  const { flags, numbers, texts } = readArguments(words, targetOptions);
  return readTarget(flags, numbers, texts);
}

describe("load tools", () => {
  it.each(["localhost", "127.0.0.1", "127.255.3.4", "::1", "[::1]"])("accept this machine as %s", (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each([
    "10.0.0.1",
    "0.0.0.0",
    "example.com",
    "127.0.0.1.example.com",
    "127.0.0",
    "127.0.0.256",
    "localhost.evil",
    "",
  ])("refuse %j, which is or may be another machine", (host) => {
    expect(isLoopback(host)).toBe(false);
    expect(() => requireLoopback(host)).toThrow(/expects a loopback address/);
  });

  it("refuse more connections than the process has descriptors for, and say how many fit", () => {
    expect(() => requireDescriptors(19_900, 20_000)).not.toThrow();
    expect(() => requireDescriptors(19_901, 20_000)).toThrow(/at most 19900 here, got 19901/);
  });

  it("read a path or a whole address", () => {
    expect(target("--url", "/raw", "--port", "81", "--raw")).toEqual({
      host: "127.0.0.1",
      port: 81,
      path: "/raw",
      addresses: 0,
      dialect: "raw",
    });
    expect(target("--url", "ws://localhost:4001/socket/websocket?vsn=2.0.0", "--phoenix")).toMatchObject({
      host: "localhost",
      port: 4001,
      path: "/socket/websocket?vsn=2.0.0",
      dialect: "phoenix",
    });
  });

  it("speak Holdfast's session unless told otherwise", () => {
    expect(target()).toMatchObject({ dialect: "hello" });
  });

  it.each([
    [["--url", "ws://example.com/"], /loopback/],
    [["--url", "http://127.0.0.1/"], /ws:\/\/ address/],
    [["--url", "raw"], /expects a path/],
    [["--raw", "--phoenix"], /got --phoenix and --raw/],
  ])("refuse %j", (words, message) => {
    expect(() => target(...words)).toThrow(message);
  });
});
