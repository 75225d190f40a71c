import { describe, expect, it } from "vitest";
import { describeOptions, readArguments, UsageError } from "../../bench/harness/arguments.mjs";

const options = {
  connections: { type: "number", value: 10, min: 1, max: 100, help: "how many" },
  seed: { type: "number", help: "a seed" },
  topic: { type: "text", value: "lobby", help: "where" },
  hold: { type: "flag", help: "stay" },
} as const;

describe("a command line", () => {
  it("gives defaults for what is not said", () => {
    expect(readArguments([], options)).toEqual({
      flags: { hold: false },
      numbers: { connections: 10 },
      texts: { topic: "lobby" },
      rest: [],
    });
  });

  it("takes values behind a space or an equals sign, and keeps the other words", () => {
    expect(readArguments(["cast", "--connections", "20", "--topic=a b", "--hold", "call"], options)).toEqual({
      flags: { hold: true },
      numbers: { connections: 20 },
      texts: { topic: "a b" },
      rest: ["cast", "call"],
    });
  });

  it.each([
    [["--nope"], /Unknown option --nope. Known options: --connections, --seed, --topic, --hold/],
    [["--toString"], /Unknown option/],
    [["--connections"], /expects a value/],
    [["--connections", "--hold"], /expects a value/],
    [["--connections", "0"], /from 1 to 100, got "0"/],
    [["--connections", "101"], /from 1 to 100, got "101"/],
    [["--connections", "1e2"], /whole number/],
    [["--seed", "-1"], /of at least 0, got "-1"/],
    [["--hold=yes"], /takes no value/],
  ])("is refused when it says %j", (words, message) => {
    expect(() => readArguments(words, options)).toThrow(UsageError);
    expect(() => readArguments(words, options)).toThrow(message);
  });

  it("is described with one line for each option", () => {
    const text = describeOptions(options);
    expect(text.split("\n")).toHaveLength(4);
    expect(text).toMatch(/--connections N {2}how many \(default 10\)/);
  });
});
