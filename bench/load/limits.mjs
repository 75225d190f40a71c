/**
 * What the load tools refuse: hosts that are not this machine, and more connections than one process can hold.
 */
import { readFileSync } from "node:fs";
import { UsageError } from "../harness/arguments.mjs";

/** Descriptors a load process keeps for itself: its streams, its event loop, its modules. */
const OWN_DESCRIPTORS = 100;

/**
 * Answers whether a host is this machine's loopback: `localhost`, 127.0.0.0/8 or `::1`.
 *
 * Names other than `localhost` are never looked up, so that a name cannot become a foreign address.
 *
 * @param {string} host
 * @returns {boolean}
 */
export function isLoopback(host) {
  if (host === "localhost" || host === "::1" || host === "[::1]") return true;
  const parts = host.split(".");
  return (
    parts.length === 4 && parts[0] === "127" && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)
  );
}

/**
 * Refuses any host but this machine's loopback.
 *
 * @param {string} host
 * @throws {UsageError} these tools overload what they are pointed at, so they are for one's own machine alone
 */
export function requireLoopback(host) {
  if (isLoopback(host)) return;
  throw new UsageError(
    `--host expects a loopback address (localhost, 127.x.y.z or ::1), got ${JSON.stringify(host)}: this tool overloads what it is pointed at, so it serves this machine alone`,
  );
}

/**
 * Reads how many descriptors this process may open.
 *
 * @returns {number} Infinity where the system does not say (only Linux does, in /proc)
 */
export function descriptorLimit() {
  if (process.platform !== "linux") return Number.POSITIVE_INFINITY;
  const limit = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  return limit === undefined || limit === "unlimited" ? Number.POSITIVE_INFINITY : Number(limit);
}

/**
 * Refuses more connections than one process can hold.
 *
 * @param {number} connections
 * @param {number} [limit] descriptors this process may open
 * @throws {UsageError} naming how many would fit
 */
export function requireDescriptors(connections, limit = descriptorLimit()) {
  const most = limit - OWN_DESCRIPTORS;
  if (connections <= most) return;
  throw new UsageError(
    `--connections expects at most ${most} here, got ${connections}: this process may open ${limit} descriptors. Start several of these tools side by side, or raise "ulimit -n"`,
  );
}
