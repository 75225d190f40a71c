import { consoleReporter, limitReports, type Report } from "holdfast";
import { Channel } from "holdfast/actors";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { printable } from "../../src/cli/safe-text.js";
import { createFakeEndpoint } from "../actors/fake-endpoint.js";
import { WireClient } from "../integration/wire-client.js";
import { attacked, isReplyTo } from "./stage.js";

const EVIL = "x\nFAKE: all is well\r\u001b[2J\u001b]0;owned\u0007\u2028\u202e";
/** What may be in a line of a log: no control character, no separator of lines, nothing that turns the direction of writing. */
const HARMFUL = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;

class Crashing extends Channel {
  override handleIn(event: string): never {
    throw new Error(`cannot handle ${event}`);
  }
}

/** All that an attack makes the server report. */
async function provoked(): Promise<readonly Report[]> {
  const { url, reports, system } = await attacked({
    socket: {
      channels: { "*": Crashing },
      authenticate: ({ token }) => {
        if (token === "throw") throw new Error(EVIL);
        return token === undefined ? {} : { user: token };
      },
    },
  });
  const { client } = await WireClient.open(url, { token: EVIL });
  const join = client.send(1, EVIL, "phx_join", {}, EVIL);
  await client.next(isReplyTo(EVIL));
  client.send(2, EVIL, EVIL, { [EVIL]: EVIL }, join);
  await client.next(({ event }) => event === "phx_error");
  client.send(9, EVIL, EVIL, {}, join);
  await client.closed;
  const refused = await WireClient.connect(url);
  refused.control("hello", { v: 1, intent: "new", token: "throw" });
  await refused.closed;
  await system.stop();
  return reports;
}

describe("what a stranger types", () => {
  it("is named in the reports as data", async () => {
    const reports = await provoked();
    expect(reports.map(({ type }) => type)).toEqual(
      expect.arrayContaining(["crash", "protocol_error", "authenticate_failed"]),
    );
  });

  it("in any number fills no log: so many reports of a kind a second, and how many more there were", async () => {
    const { url, reports } = await attacked({ socket: { authenticate: () => Promise.reject(new Error("no")) } });
    const attempt = async (): Promise<void> => {
      const client = await WireClient.connect(url);
      client.control("hello", { v: 1, intent: "new", token: "throw" });
      await client.closed;
    };
    for (let round = 0; round < 15; round++) await Promise.all(Array.from({ length: 20 }, attempt));
    const failed = (): number => reports.filter(({ type }) => type === "authenticate_failed").length;
    const leftOut = (): Report[] => reports.filter(({ type }) => type === "reports_left_out");
    await vi.waitFor(() => expect(leftOut().length).toBeGreaterThan(0), { timeout: 5_000 });
    expect(failed()).toBeLessThan(150);
    expect(leftOut()[0]).toMatchObject({ level: "error", details: { type: "authenticate_failed" } });
  });

  it("by clients that break the protocol, and come back to do it again, is counted as well", async () => {
    const end = await createFakeEndpoint({ channels: { "*": Crashing } });
    for (let n = 0; n < 1_000; n++) {
      const { socket } = await end.connect();
      socket.arrive([null, "1", "phoenix", "hello", { v: 1, intent: "new" }]);
      socket.arrive([null, "2", EVIL.repeat(1_000), "x", {}, 99]);
      await end.clock.settle();
    }
    await end.clock.advance(1_000);
    const violations = end.reports.filter(({ type }) => type === "protocol_error");
    expect(violations).toHaveLength(50);
    expect(Math.max(...violations.map(({ text }) => text.length))).toBeLessThan(500);
    expect(end.reports.at(-1)).toMatchObject({
      type: "reports_left_out",
      text: "950 more reports of the type protocol_error left out of the log",
      details: { type: "protocol_error", count: 950 },
    });
    await end.stop();
  });

  it("and crashes channels with is counted by the log that a system has by default", async () => {
    const { reports, url } = await attacked({ socket: { channels: { "*": Crashing } } });
    const { client } = await WireClient.open(url);
    const limited: Report[] = [];
    const log = limitReports((report) => limited.push(report));
    onTestFinished(() => log.stop());
    let seq = 0;
    for (let n = 0; n < 100; n++) {
      const join = client.send(++seq, "room:1", "phx_join");
      client.send(++seq, "room:1", "poison", {}, join);
      await client.next(({ event }) => event === "phx_error");
    }
    for (const report of reports) log(report);
    expect(reports.filter(({ type }) => type === "crash")).toHaveLength(100);
    expect(limited.filter(({ type }) => type === "crash").length).toBeLessThanOrEqual(50);
  });

  it("is harmless in a terminal when the command shows it", () => {
    expect(printable(EVIL)).not.toMatch(HARMFUL);
  });

  it("does not break a close reason into a second line", async () => {
    const { url } = await attacked();
    const { client } = await WireClient.open(url);
    client.text(EVIL);
    const { reason } = await client.closed;
    expect(reason).not.toMatch(HARMFUL);
  });

  it("writes no line of its own into the log", async () => {
    const reports = await provoked();
    const lines: string[] = [];
    const keep = (...parts: unknown[]): void => void lines.push(parts.map(String).join(" "));
    for (const method of ["error", "warn", "info", "log"] as const) vi.spyOn(console, method).mockImplementation(keep);
    for (const report of reports) consoleReporter(report);
    expect(lines.length).toBeGreaterThan(0);
    // A stack trace has lines of its own, all of them indented.
    const forged = lines.flatMap((text) => text.split(/\r\n|[\n\r\u2028]/)).filter((line) => line.startsWith("FAKE"));
    expect(forged).toEqual([]);
    expect(lines.filter((text) => /[\u001b\u0007]/.test(text))).toEqual([]);
  });
});
