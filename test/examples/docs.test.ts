import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { CloseCode } from "../../src/protocol/close-codes.js";
import { CLIENT_LIMITS } from "../../actors/endpoint/client-limits.js";
import { KEEPING_LIMITS } from "../../actors/endpoint/keeping-limits.js";
import { DEFAULT_LIMITS } from "../../src/protocol/limits.js";
import { anchors, namesIn, page, pages, repository } from "./documents.js";

function source(path: string): string {
  return readFileSync(join(repository, path), "utf8");
}

/** The words of a union of texts: `type Name = "a" | "b"`. */
function wordsOf(path: string, name: string): string[] {
  const [, body = ""] = new RegExp(`type ${name} =([^;]*);`).exec(source(path)) ?? [];
  return [...body.matchAll(/"([a-z_]+)"/g)].map(([, word = ""]) => word);
}

/** The names of an interface's properties. */
function propertiesOf(path: string, name: string): string[] {
  const [, body = ""] =
    new RegExp(`interface ${name}(?:<\\w+>)?(?: extends \\w+)? \\{\\n(.*?)\\n\\}`, "s").exec(source(path)) ?? [];
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map(([, property = ""]) => property);
}

describe("semantics.md", () => {
  const { text } = page("docs/reference/semantics.md");
  const sections = text.split(/^### /m).slice(1);

  it("numbers its guarantees without a hole", () => {
    expect(sections.map((section) => Number.parseInt(section, 10))).toEqual(sections.map((_, index) => index + 1));
  });

  it("names tests for each guarantee, and they exist", () => {
    const wrong = sections.flatMap((section) => {
      const [title = ""] = section.split("\n");
      const tests = [...section.matchAll(/^- `([^`]+)`: "(.*)"$/gm)];
      if (tests.length === 0) return [`${title}: no test`];
      return tests
        .filter(
          ([, path = "", name = ""]) => !existsSync(join(repository, path)) || !source(path).includes(`"${name}"`),
        )
        .map(([, path, name]) => `${title}: there is no "${name}" in ${path}`);
    });
    expect(wrong).toEqual([]);
  });
});

describe("errors.md", () => {
  const names = namesIn(page("docs/reference/errors.md").text);

  it.each([
    ["src/kernel/errors.ts", "CallErrorCode"],
    ["src/kernel/errors.ts", "StartErrorCode"],
    ["src/transport/transport-error.ts", "TransportErrorCode"],
    ["actors/lease/lease-lost.ts", "LeaseLoss"],
    ["src/client/errors.ts", "PushErrorCode"],
    ["src/client/errors.ts", "PushOutcome"],
    ["src/client/errors.ts", "SocketErrorCode"],
    ["src/inspect/protocol/errors.ts", "InspectorErrorCode"],
    ["supervisors/spec-error.ts", "FlagErrorCode"],
    ["supervisors/spec-error.ts", "ChildSpecErrorCode"],
    ["actors/topic/topics-error.ts", "TopicsErrorCode"],
    ["src/cluster/placement/entity-error.ts", "EntityErrorCode"],
  ])("has every code of %s, %s", (path, type) => {
    const codes = wordsOf(path, type);
    expect(codes.length).toBeGreaterThan(2);
    expect(codes.filter((code) => !names.has(code))).toEqual([]);
  });

  it("has every reason for which a lease is refused", () => {
    const reasons = [...source("actors/lease/lease-results.ts").matchAll(/ok: false; readonly reason: "(\w+)"/g)];
    expect(
      reasons.map(([, reason = ""]) => reason).filter((reason) => reason !== "not_holder" && !names.has(reason)),
    ).toEqual([]);
  });
});

describe("close-codes.md", () => {
  it("has every code with its name", () => {
    const { text } = page("docs/reference/close-codes.md");
    const rows = Object.entries(CloseCode).map(([name, code]) => `| ${code} | \`${name}\` |`);
    expect(rows.filter((row) => !text.includes(row))).toEqual([]);
  });
});

describe("options.md", () => {
  const { text } = page("docs/reference/options.md");
  const names = namesIn(text);

  it.each([
    ["src/kernel/system.ts", "SystemOptions"],
    ["src/kernel/starting.ts", "StartOptions"],
    ["supervisors/check-flags.ts", "SupervisorFlags"],
    ["supervisors/check-flags.ts", "DynamicSupervisorFlags"],
    ["supervisors/child-spec.ts", "ChildPolicy"],
    ["actors/endpoint/options.ts", "EndpointOptions"],
    ["actors/endpoint/options.ts", "SocketOptions"],
    ["actors/lease/lease-options.ts", "LeaseManagerOptions"],
    ["actors/lease/lease-options.ts", "GetLeaseOptions"],
    ["actors/lease/lease-options.ts", "LeaseDrainOptions"],
    ["actors/lease/pool-options.ts", "ResourcePoolOptions"],
    ["actors/postgres/postgres-options.ts", "PostgresOptions"],
    ["actors/topic/topics-options.ts", "TopicsOptions"],
    ["actors/topic/topics-options.ts", "TopicSettings"],
    ["actors/topic/topics-options.ts", "TopicLogOptions"],
    ["actors/topic/local-topics.ts", "PublishOptions"],
    ["actors/topic/broadcast.ts", "BroadcastOptions"],
    ["src/client/options.ts", "SocketOptions"],
    ["src/cluster/placement/entity-options.ts", "EntityLimits"],
    ["src/cluster/placement/entity-options.ts", "LocateOptions"],
    ["src/inspect/inspector-socket.ts", "InspectorOptions"],
  ])("has every option of %s, %s", (path, type) => {
    const options = propertiesOf(path, type);
    expect(options.length).toBeGreaterThan(0);
    // `type` of a child is found out from its class, and given by hand only in tests.
    expect(options.filter((option) => option !== "type" && !names.has(option))).toEqual([]);
  });

  it("has every limit with its default", () => {
    const [, list = ""] = /const LIMITS = \[(.*?)\]/s.exec(source("actors/endpoint/options.ts")) ?? [];
    const limits = [...list.matchAll(/"(\w+)"/g)].map(([, name = ""]) => name);
    expect(limits.length).toBeGreaterThan(5);
    const defaults: Readonly<Record<string, number>> = { ...DEFAULT_LIMITS, ...KEEPING_LIMITS, ...CLIENT_LIMITS };
    const rows = limits.map((name) => `| \`${name}\` | ${defaults[name]?.toLocaleString("en-US")} |`);
    expect(rows.filter((row) => !text.includes(row))).toEqual([]);
  });
});

describe("cli.md", () => {
  it("has every command and option that the tool's help has", () => {
    const { text } = page("docs/reference/cli.md");
    const help = source("src/cli/usage.ts");
    const options = new Set([...help.matchAll(/--[a-z]+/g)].map(([option]) => option));
    expect(options.size).toBeGreaterThan(5);
    expect([...options].filter((option) => !text.includes(option))).toEqual([]);
  });
});

describe("the documents", () => {
  it("link to what exists", () => {
    const wrong = pages().flatMap(({ path, text }) =>
      [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = ""]) => {
        if (/^https?:/.test(link)) return [];
        const [file = "", anchor] = link.split("#");
        const target = file === "" ? path : relative(repository, join(repository, dirname(path), file));
        if (!existsSync(join(repository, target))) return [`${path} links to ${link}, which is not there`];
        if (anchor === undefined || anchors(page(target)).has(anchor)) return [];
        return [`${path} links to ${link}: there is no such heading`];
      }),
    );
    expect(wrong).toEqual([]);
  });
});
