import type { SocketClose, SocketState } from "holdfast/client";
import { counted, find } from "./elements.js";

const TICK_MS = 250;

/** Shows where the socket stands: up, on its way, waiting for its next attempt, or closed and why. */
export class ConnectionView {
  readonly #status = find("status", HTMLElement);
  readonly #text = find("status-text", HTMLElement);
  // Apart from the text, so that a screen reader does not count along.
  readonly #left = find("countdown", HTMLElement);
  readonly #tryNow = find("try-now", HTMLButtonElement);
  readonly #id = find("session-id", HTMLElement);
  readonly #resumed = find("resumed", HTMLElement);
  #resumes = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** `tryNow` is called when somebody does not want to wait for the next attempt. */
  constructor(tryNow: () => void) {
    this.#tryNow.addEventListener("click", tryNow);
  }

  /** Shows a state that the client has just entered. */
  show(state: SocketState): void {
    clearInterval(this.#timer);
    this.#left.textContent = "";
    this.#tryNow.hidden = !(state.name === "waiting" || "close" in state);
    this.#status.dataset["state"] = state.name;
    switch (state.name) {
      case "connecting":
        this.#text.textContent = "Connecting…";
        return;
      case "resuming":
        this.#text.textContent = "Resuming…";
        return;
      case "open":
        this.#text.textContent = "Connected";
        this.#showSession(state.sessionId, state.resumed);
        return;
      case "waiting":
        this.#text.textContent = `Offline: ${whyOf(state.close)}`;
        this.#countDown(state.delayMs);
        return;
      case "closed":
        this.#text.textContent = "close" in state ? `Closed: ${whyOf(state.close)}` : "Not connected";
    }
  }

  #showSession(id: string, resumed: boolean): void {
    this.#resumes = resumed ? this.#resumes + 1 : 0;
    this.#id.textContent = id;
    this.#resumed.textContent = counted(this.#resumes, "time");
  }

  #countDown(delayMs: number): void {
    const until = performance.now() + delayMs;
    const tick = (): void => {
      const seconds = Math.max(0, (until - performance.now()) / 1_000);
      this.#left.textContent = `next try in ${Math.ceil(seconds)} s`;
    };
    tick();
    this.#timer = setInterval(tick, TICK_MS);
  }
}

const WORDS: Readonly<Record<number, string>> = {
  1006: "no connection",
  4001: "another connection has taken the session over",
  4003: "the server does not let this name in",
  4200: "dropped here",
  4201: "the server asks to come back",
  4203: "nothing was heard for too long",
  4207: "the server failed",
};

function whyOf({ code, reason }: SocketClose): string {
  const words = WORDS[code] ?? reason;
  return words === "" ? `code ${code}` : `${words}, code ${code}`;
}
