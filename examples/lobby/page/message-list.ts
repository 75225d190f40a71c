import type { ChatMessage, History } from "../wire.js";
import { counted, find, make } from "./elements.js";

const MOST_SHOWN = 500;
const NEAR_THE_END = 80;
const clockTime = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/**
 * The messages of the room, each shown once and in the room's order, with lines of its own between them that tell what happened.
 *
 * History and live messages may come in any order: the number that the room gave a message decides its place.
 */
export class MessageList {
  readonly #scroller = find("log", HTMLElement);
  readonly #list = find("messages", HTMLOListElement);
  #shown = new Map<number, HTMLLIElement>();
  #log: string | undefined;

  /** Shows a message, unless it is there already. */
  add(message: ChatMessage): void {
    const { log, number } = message;
    if (log !== this.#log) this.#begin(log);
    if (this.#shown.has(number)) return;
    const row = rowOf(message);
    this.#keepAtEnd(() => this.#list.insertBefore(row, this.#after(number)));
    this.#shown.set(number, row);
    this.#trim();
  }

  /** Shows what was said before. */
  addHistory({ log, messages }: History): void {
    if (log !== this.#log) this.#begin(log);
    const newest = Math.max(0, ...this.#shown.keys());
    const oldest = messages[0]?.number ?? 0;
    const missing = oldest - newest - 1;
    if (newest > 0 && missing > 0) this.note(`${counted(missing, "message")} in between are not kept any more.`);
    for (const message of messages) this.add(message);
  }

  /** Adds a line that is no message. */
  note(text: string): void {
    this.#keepAtEnd(() => this.#list.append(make("li", "note", text)));
  }

  /** Runs a change, and scrolls to the end if the end was in sight. */
  #keepAtEnd(change: () => void): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    const atEnd = scrollHeight - scrollTop - clientHeight < NEAR_THE_END;
    change();
    if (atEnd) this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  /** Another log: numbers begin at 1 again, and what is shown stays above. */
  #begin(log: string): void {
    if (this.#log !== undefined) this.note("The room began anew: what is above is not in its memory.");
    this.#log = log;
    this.#shown = new Map();
  }

  #after(number: number): HTMLLIElement | null {
    let next: HTMLLIElement | null = null;
    let nextNumber = Number.POSITIVE_INFINITY;
    for (const [shown, row] of this.#shown) {
      if (shown > number && shown < nextNumber) [nextNumber, next] = [shown, row];
    }
    return next;
  }

  #trim(): void {
    while (this.#shown.size > MOST_SHOWN) {
      const oldest = Math.min(...this.#shown.keys());
      this.#shown.get(oldest)?.remove();
      this.#shown.delete(oldest);
    }
  }
}

function rowOf({ number, author, text, at, translation }: ChatMessage): HTMLLIElement {
  const row = make("li", "message");
  row.dataset["number"] = String(number);
  const head = make("p", "head");
  const time = make("time", "", clockTime.format(at));
  time.dateTime = new Date(at).toISOString();
  head.append(make("span", "number", `#${number}`), " ", make("strong", "author", author), " ", time);
  row.append(head, make("p", "text", translation?.text ?? text));
  if (translation !== undefined) {
    const took = `${text} (${translation.by}, ${translation.tookMs} ms)`;
    row.append(make("p", "original", took));
  }
  return row;
}
