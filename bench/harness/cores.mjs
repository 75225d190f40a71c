/** Which cores a bench's processes run on. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * Expands a kernel's list of cores: `0-2,5` is 0, 1, 2 and 5.
 *
 * @param {string} list
 * @returns {number[]}
 */
export function expandCores(list) {
  return list.split(",").flatMap((part) => {
    if (part === "") return [];
    const [from = Number.NaN, to = from] = part.split("-").map(Number);
    return Number.isInteger(from) && Number.isInteger(to)
      ? Array.from({ length: to - from + 1 }, (_, i) => from + i)
      : [];
  });
}

/**
 * How processes are pinned here.
 *
 * @typedef {object} Pinning
 * @property {string} text what a reader of the figures must know about it
 * @property {readonly string[]} server what stands in front of the command of the process that is measured; nothing when not pinned
 * @property {readonly string[]} load the same for the processes that make its load
 */

/**
 * Gives the measured process the first core that this process may use and its load the others.
 *
 * @returns {Pinning}
 */
export function findPinning() {
  const none = { server: [], load: [] };
  if (process.platform !== "linux" || spawnSync("taskset", ["-V"], { stdio: "ignore" }).status !== 0) {
    return { ...none, text: "not pinned: no taskset on this machine, so the scheduler may move the measured process" };
  }
  const allowed = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  const [first, ...others] = expandCores(allowed ?? "");
  if (first === undefined || others.length === 0) {
    return { ...none, text: "not pinned: one core only, so the measured process shares it with its load" };
  }
  return {
    text: `the measured process on core ${first}, its load on ${others.length === 1 ? `core ${others[0]}` : `cores ${others.join(",")}`}`,
    server: ["taskset", "-c", String(first)],
    load: ["taskset", "-c", others.join(",")],
  };
}
