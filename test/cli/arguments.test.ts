import { describe, expect, it } from "vitest";
import { parseArguments } from "../../src/cli/arguments.js";
import { containing } from "../inspect/matchers.js";

const ANY = { name: undefined, pid: undefined, socket: undefined };

describe("the command line", () => {
  it.each([
    [["tree"], { command: "tree", json: false, ascii: false, all: false, watch: false, target: ANY }],
    [
      ["tree", "--json", "--ascii", "--all", "--watch", "--name", "a", "--pid=7"],
      { command: "tree", json: true, ascii: true, all: true, watch: true, target: { ...ANY, name: "a", pid: 7 } },
    ],
    [
      ["info", "<0.3>", "--socket", "/s"],
      { command: "info", actor: "<0.3>", json: false, ascii: false, target: { ...ANY, socket: "/s" } },
    ],
    [["list", "--json"], { command: "list", json: true }],
    [["--help"], { command: "help", about: undefined }],
    [["help", "tree"], { command: "help", about: "tree" }],
    [["info", "--help"], { command: "help", about: "info" }],
    [["list", "-h"], { command: "help", about: "list" }],
    [["--version"], { command: "version" }],
  ])("%j is understood", (argv, command) => {
    expect(parseArguments(argv)).toEqual(command);
  });

  it.each([
    [[], "Expected a command: tree, info, list, connections, drain."],
    [["kill"], 'Expected a command (tree, info, list, connections, drain), got "kill".'],
    [["toString"], 'Expected a command (tree, info, list, connections, drain), got "toString".'],
    [["help", "kill"], 'Expected a command (tree, info, list, connections, drain), got "kill".'],
    [["tree", "lobby"], "Unexpected argument 'lobby'"],
    [["tree", "--colour"], "Unknown option '--colour'"],
    [["tree", "--name"], "argument missing"],
    [["tree", "--pid", "0"], 'Expected --pid to be a process id, got "0".'],
    [["tree", "--pid", "12x"], 'Expected --pid to be a process id, got "12x".'],
    [["tree", "--socket", "/s", "--pid", "1"], "Expected either --socket, or --name and --pid"],
    [["info"], "Expected one actor, by its name or its ref, got 0."],
    [["info", "a", "b"], "Expected one actor, by its name or its ref, got 2."],
    [["info", ""], "Expected one actor, by its name or its ref, got an empty one."],
  ])("%j is refused", (argv, message) => {
    expect(() => parseArguments(argv)).toThrow(
      expect.objectContaining({ code: "usage", message: containing(message) }),
    );
  });
});
