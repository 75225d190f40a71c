/** The options by which load tools are told where to connect, and how they are read. */
import { requireLoopback } from "./limits.mjs";
import { UsageError } from "../harness/arguments.mjs";

/** Options that flood and spam share. */
export const targetOptions = /** @type {const} */ ({
  host: { type: "text", value: "127.0.0.1", help: "loopback address of the server; any other is refused" },
  port: { type: "number", value: 4_000, min: 1, max: 65_535, help: "port of the server" },
  url: {
    type: "text",
    value: "/socket/websocket?vsn=2.0.0",
    help: "path of the socket, or a whole ws:// address in place of --host and --port",
  },
  addresses: {
    type: "number",
    value: 0,
    max: 254,
    help: "connect from 127.0.0.1 to 127.0.0.N in turn; 0: from one address",
  },
  hello: { type: "flag", help: "speak Holdfast's session: hello, numbered frames, acks (the default)" },
  phoenix: { type: "flag", help: "speak plain Phoenix Channels V2" },
  raw: { type: "flag", help: "speak nothing: a bare WebSocket" },
});

/**
 * Reads where to connect.
 *
 * @param {Readonly<Record<string, boolean>>} flags
 * @param {Readonly<Record<string, number>>} numbers
 * @param {Readonly<Record<string, string>>} texts
 * @returns {{ host: string, port: number, path: string, addresses: number, dialect: import("./dialect.mjs").Dialect }}
 * @throws {UsageError} when the host is not this machine, or two dialects are asked for
 */
export function readTarget(flags, numbers, texts) {
  const dialects = /** @type {const} */ (["hello", "phoenix", "raw"]).filter((name) => flags[name]);
  if (dialects.length > 1) {
    throw new UsageError(
      `Expected one of --hello, --phoenix and --raw, got ${dialects.map((name) => `--${name}`).join(" and ")}`,
    );
  }
  const address = texts["url"] ?? "/";
  let { host = "127.0.0.1", path = address } = texts;
  let port = numbers["port"] ?? 0;
  if (!address.startsWith("/")) {
    if (!URL.canParse(address) || !address.startsWith("ws://")) {
      throw new UsageError(`--url expects a path (/socket) or a ws:// address, got ${JSON.stringify(address)}`);
    }
    const url = new URL(address);
    host = url.hostname;
    port = Number(url.port || 80);
    path = url.pathname + url.search;
  }
  requireLoopback(host);
  return {
    host: host.replace(/^\[|\]$/g, ""),
    port,
    path,
    addresses: numbers["addresses"] ?? 0,
    dialect: dialects[0] ?? "hello",
  };
}
