import type { SystemHeader, TreeSnapshot } from "../inspect/protocol/tree.js";
import { formatBytes, formatCount, formatDuration } from "./quantities.js";
import { cutText, printable, textWidth } from "./safe-text.js";
import { paint, type Span, span } from "./span.js";
import { ASCII_SIGNS, type Family, familyRows, type Row, type Signs, snapshotRows, UTF8_SIGNS } from "./tree-rows.js";

/** How a tree is drawn. */
export interface RenderOptions {
  /** Columns of the terminal: what is longer is cut. `Infinity` cuts nothing. */
  readonly width: number;
  /** Draws with characters that every terminal has. */
  readonly ascii: boolean;
  /** Adds escape codes for colours. */
  readonly color: boolean;
  /** Most lines, for a screen that cannot be scrolled; the last one then says how many are left out. No limit when absent. */
  readonly maxLines?: number;
}

const BETWEEN = "  ";
const WIDEST_TITLE = 48;
const WIDEST_BEHAVIOUR = 24;

/**
 * Draws a snapshot as text, one line for each actor, each line ended by a line feed.
 *
 * Titles and class names stand in columns. Whatever came from the application is made printable first.
 */
export function renderTree(snapshot: TreeSnapshot, options: RenderOptions): string {
  const signs = signsOf(options);
  return print([headerLine(snapshot.system), ...align(snapshotRows(snapshot, signs), options.width, signs)], options);
}

/** Draws what hangs from one place as branches, in the columns of {@link renderTree}; nothing if that is nothing. */
export function renderFamily(family: Family, options: RenderOptions): string {
  const signs = signsOf(options);
  return print(align(familyRows(family, signs), options.width, signs), options);
}

function signsOf(options: RenderOptions): Signs {
  return options.ascii ? ASCII_SIGNS : UTF8_SIGNS;
}

function print(lines: readonly (readonly Span[])[], options: RenderOptions): string {
  const signs = signsOf(options);
  return cutLines(lines, options.maxLines, signs)
    .map((line) => `${paintLine(cutLine(line, options.width, signs), options.color)}\n`)
    .join("");
}

function headerLine(system: SystemHeader): readonly Span[] {
  const { loopDelay } = system;
  const dead = system.deadLetters;
  const parts = [
    span(printable(system.name), "strong"),
    span(`pid ${system.pid}`),
    span(`up ${formatDuration(system.uptimeMs)}`),
    span(`actors ${formatCount(system.actors.alive)}`),
    span(`dead letters ${formatCount(dead)}`, dead > 0 ? "warn" : "plain"),
    ...(loopDelay === undefined
      ? []
      : [span(`loop p99 ${loopDelay.p99Ms.toFixed(1)} ms`, loopDelay.p99Ms >= 100 ? "warn" : "plain")]),
    span(`heap ${formatBytes(system.heapUsedBytes)}`),
  ];
  return joined(parts);
}

function align(rows: readonly Row[], width: number, signs: Signs): readonly (readonly Span[])[] {
  const widestTitle = Math.min(WIDEST_TITLE, Math.max(12, Math.floor(width / 2)));
  const titles = widest(rows, (row) => textWidth(row.branches) + textWidth(row.title.text), widestTitle);
  const behaviours = widest(rows, (row) => textWidth(row.columns?.behaviour ?? ""), WIDEST_BEHAVIOUR);
  return rows.map(({ branches, title, columns }) => {
    if (columns === undefined) return [span(branches, "dim"), title];
    const room = Math.max(1, titles - textWidth(branches));
    const shown = cutText(title.text, room, signs.ellipsis);
    const behaviour = cutText(columns.behaviour, behaviours, signs.ellipsis);
    const details = joined(columns.details);
    return [
      span(branches, "dim"),
      span(shown, title.tone),
      span(`${padding(shown, room)}${BETWEEN}${behaviour}`),
      ...(details.length === 0 ? [] : [span(padding(behaviour, behaviours) + BETWEEN), ...details]),
    ];
  });
}

function widest(rows: readonly Row[], widthOf: (row: Row) => number, most: number): number {
  return rows.reduce(
    (width, row) => (row.columns === undefined ? width : Math.max(width, Math.min(most, widthOf(row)))),
    0,
  );
}

function padding(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - textWidth(text)));
}

function joined(parts: readonly Span[]): readonly Span[] {
  return parts.flatMap((part, index) => (index === 0 ? [part] : [span(BETWEEN), part]));
}

function cutLines(
  lines: readonly (readonly Span[])[],
  maxLines: number | undefined,
  signs: Signs,
): readonly (readonly Span[])[] {
  if (maxLines === undefined || lines.length <= maxLines) return lines;
  const kept = lines.slice(0, Math.max(1, maxLines - 1));
  return [
    ...kept,
    [span(`${signs.ellipsis} ${formatCount(lines.length - kept.length)} more lines; make the window taller`, "dim")],
  ];
}

function cutLine(line: readonly Span[], width: number, signs: Signs): readonly Span[] {
  if (line.reduce((sum, part) => sum + textWidth(part.text), 0) <= width) return line;
  const cut: Span[] = [];
  let room = width - textWidth(signs.ellipsis);
  for (const part of line) {
    const partWidth = textWidth(part.text);
    if (partWidth > room) {
      cut.push(span(cutText(part.text, room, ""), part.tone), span(signs.ellipsis, "dim"));
      break;
    }
    cut.push(part);
    room -= partWidth;
  }
  return cut;
}

function paintLine(line: readonly Span[], color: boolean): string {
  return line.map((part) => paint(part, color)).join("");
}
