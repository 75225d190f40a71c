/** Figures and tables as people read them. Pure. */

/** @typedef {"per second" | "ms" | "us" | "bytes" | "times" | "count"} Unit */

const KIB = 1_024;

/**
 * Writes a figure with its unit, with three significant digits.
 *
 * @param {number} value in the unit's own measure
 * @param {Unit} unit
 * @returns {string} for instance `15.3 M/s`, `36.0 ms`, `217 B`, `0.97 x` or `4.35 KB` (of 1,024 bytes)
 */
export function figure(value, unit) {
  if (unit === "bytes") return Math.abs(value) < 2 * KIB ? `${Math.round(value)} B` : `${digits(value / KIB)} KB`;
  if (unit === "ms") return `${digits(value)} ms`;
  if (unit === "us") return `${digits(value)} us`;
  if (unit === "count") return String(Math.round(value));
  if (unit === "times") return `${digits(value)} x`;
  if (value >= 1e6) return `${digits(value / 1e6)} M/s`;
  if (value >= 1e3) return `${digits(value / 1e3)} k/s`;
  return `${digits(value)} /s`;
}

/** @param {number} value */
function digits(value) {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

/**
 * Says a goal in words.
 *
 * @param {import("./statistics.mjs").Goal} goal
 * @param {"more" | "less"} better
 * @param {Unit} unit
 * @returns {string}
 */
export function goalText(goal, better, unit) {
  const sign = better === "more" ? ">=" : "<=";
  if (goal.kind === "ratio") return `${sign} ${goal.at} x`;
  return goal.kind === "difference" ? `<= +${figure(goal.at, unit)}` : `${sign} ${figure(goal.at, unit)}`;
}

/**
 * Lays out a table: columns as wide as their widest cell, a rule under the head.
 *
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} lines
 * @param {readonly number[]} [right] columns set flush right
 * @returns {string}
 */
export function table(head, lines, right = []) {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => (line[column] ?? "").length)),
  );
  /** @param {readonly string[]} cells */
  const row = (cells) =>
    widths
      .map((width, column) =>
        right.includes(column) ? (cells[column] ?? "").padStart(width) : (cells[column] ?? "").padEnd(width),
      )
      .join("  ")
      .trimEnd();
  return [row(head), widths.map((width) => "-".repeat(width)).join("  "), ...lines.map(row)].join("\n");
}
