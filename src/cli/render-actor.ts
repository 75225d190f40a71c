import type { Json } from "../inspect/protocol/json.js";
import type { TreeNode } from "../inspect/protocol/tree.js";
import { formatCount, formatDuration } from "./quantities.js";
import { type RenderOptions, renderFamily } from "./render-tree.js";
import { cutText, printable } from "./safe-text.js";
import { paint, span } from "./span.js";
import { familyOf } from "./tree-rows.js";

const LABEL_WIDTH = 10;

/** Draws one actor as a list of what is known of it, its status in full, and its children as in the tree. */
export function renderActor(actor: TreeNode, options: RenderOptions): string {
  const { supervisor, mailbox, busy } = actor;
  const lines = [
    line("ref", actor.ref),
    line("name", actor.name),
    line("also", actor.alike?.map(({ ref }) => ref).join(", ")),
    line("label", actor.label),
    line("id", actor.id),
    line("class", actor.behaviour),
    line("kind", actor.kind),
    line("life", actor.life),
    line(
      "busy with",
      busy === undefined
        ? undefined
        : `${busy.handler ?? "a handler"}${busy.forMs === undefined ? "" : ` for ${formatDuration(busy.forMs)}`}`,
    ),
    line(
      "mailbox",
      `${formatCount(mailbox.length)}${mailbox.limit === undefined ? "" : ` of ${formatCount(mailbox.limit)}`}`,
    ),
    line("handled", `${formatCount(actor.messages)} messages`),
    line("restart", actor.restart),
    line("restarted", actor.restarts === undefined ? undefined : `${formatCount(actor.restarts)}x`),
    line("last exit", actor.lastExit),
    line("strategy", supervisor?.strategy),
    line("restarts", supervisor === undefined ? undefined : restartText(supervisor.restarts)),
    ...(actor.status === undefined ? [] : ["status", ...statusLines(actor.status)]),
  ].filter((text) => text !== undefined);
  const ellipsis = options.ascii ? "..." : "…";
  const own = lines.map((text) => `${colored(cutText(text, options.width, ellipsis), options.color)}\n`).join("");
  const family = renderFamily(familyOf(actor), options);
  return family === "" ? own : `${own}children\n${family}`;
}

function restartText({ inWindow, max, periodMs, total }: NonNullable<TreeNode["supervisor"]>["restarts"]): string {
  return `${formatCount(inWindow)}/${formatCount(max)} in ${formatDuration(periodMs)}${total === undefined ? "" : `, ${formatCount(total)} in all`}`;
}

function line(label: string, value: string | undefined): string | undefined {
  return value === undefined ? undefined : `${label.padEnd(LABEL_WIDTH)}${printable(value)}`;
}

function statusLines(status: Json): readonly string[] {
  return JSON.stringify(status, null, 2)
    .split("\n")
    .map((text) => `  ${printable(text)}`);
}

function colored(text: string, color: boolean): string {
  const label = text.slice(0, LABEL_WIDTH);
  return text.startsWith(" ") ? text : paint(span(label, "dim"), color) + text.slice(LABEL_WIDTH);
}
