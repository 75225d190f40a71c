import { type Channel, PushError } from "holdfast/client";
import { counted, find, make } from "./elements.js";
import { readText } from "./read-events.js";

/** What is to be said. */
export interface Saying {
  readonly text: string;
  readonly translate: boolean;
}

/**
 * What was typed and is not in the room yet: kept while the socket is away, gone from here when the room has it.
 *
 * The client library does the keeping and the sending once; this only shows it, and offers to try again what the server refused.
 */
export class Outgoing {
  readonly #list = find("outgoing", HTMLOListElement);
  readonly #count = find("waiting", HTMLElement);
  readonly #scroller = find("log", HTMLElement);
  #waiting = 0;

  /** Says something in the room, now or when the connection is back. */
  async say(channel: Channel, saying: Saying, connected: boolean): Promise<void> {
    const row = make("li", "outgoing");
    const way = saying.translate ? "to a translator…" : "on its way…";
    const fate = connected ? way : "kept until the connection is back…";
    row.append(make("p", "text", saying.text), make("p", "fate", fate));
    this.#list.append(row);
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#countWaiting(1);
    try {
      await channel.push("say", saying).reply;
      row.remove();
    } catch (error) {
      this.#failed(row, channel, saying, error);
    } finally {
      this.#countWaiting(-1);
    }
  }

  #failed(row: HTMLLIElement, channel: Channel, saying: Saying, error: unknown): void {
    row.classList.add("failed");
    const again = make("button", "again", "Send again");
    const forget = make("button", "forget", "Forget it");
    again.addEventListener("click", () => {
      row.remove();
      void this.say(channel, saying, true);
    });
    forget.addEventListener("click", () => row.remove());
    row.querySelector(".fate")?.replaceWith(make("p", "fate", fateOf(error)));
    row.append(again, " ", forget);
  }

  #countWaiting(change: number): void {
    this.#waiting += change;
    this.#count.textContent = counted(this.#waiting, "message");
  }
}

function fateOf(error: unknown): string {
  if (!(error instanceof PushError)) return `Not sent: ${String(error)}`;
  if (error.outcome === "refused") return `Not said: ${readText(error.response, "reason") ?? "the server refused it"}.`;
  if (error.outcome === "not_sent") return `Not sent: ${error.code}.`;
  return `Perhaps said, perhaps not (${error.code}): see whether it is above.`;
}
