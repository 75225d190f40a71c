import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "ws";

const FLAGS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
  // Timers of a page that nobody sees run once a minute, as they do after five minutes otherwise.
  "--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/1",
];

interface Answer {
  readonly id?: number;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: unknown;
}

/**
 * A Chromium whose tabs are in front or behind, as for a person with one window.
 *
 * Driven without `playwright`, which has every page believe that it is seen.
 */
export class Window {
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #cdp: WebSocket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #lastId = 0;

  private constructor(process: ChildProcess, profile: string, cdp: WebSocket) {
    this.#process = process;
    this.#profile = profile;
    this.#cdp = cdp;
    cdp.on("message", (text) => {
      const answer = JSON.parse(String(text)) as Answer;
      if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
    });
  }

  static async open(executable: string): Promise<Window> {
    const profile = mkdtempSync(join(tmpdir(), "holdfast-window-"));
    const browser = spawn(executable, [...FLAGS, `--user-data-dir=${profile}`, "about:blank"]);
    const url = await new Promise<string>((resolve, reject) => {
      let said = "";
      browser.on("exit", (code) => reject(new Error(`Chromium ended with ${code}: ${said}`)));
      browser.stderr.on("data", (text: Buffer) => {
        said += text.toString();
        const [address] = /ws:\/\/\S+/.exec(said) ?? [];
        if (address !== undefined) resolve(address);
      });
    });
    const cdp = new WebSocket(url);
    await once(cdp, "open");
    return new Window(browser, profile, cdp);
  }

  /** Opens a tab, in front of all others. */
  async tab(url: string): Promise<WindowTab> {
    const { targetId } = await this.send("Target.createTarget", { url });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    const tab = new WindowTab(this, String(targetId), String(sessionId));
    await tab.bringToFront();
    return tab;
  }

  async close(): Promise<void> {
    const ended = once(this.#process, "exit");
    await this.send("Browser.close", {});
    await ended;
    this.#cdp.close();
    // Its helpers may still write for a moment.
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  /** Sends a command of the DevTools protocol. */
  send(method: string, params: object, sessionId?: string): Promise<Readonly<Record<string, unknown>>> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) => {
        this.#waiting.delete(id);
        if (result === undefined) reject(new Error(`${method}: ${JSON.stringify(error)}`));
        else resolve(result);
      });
      this.#cdp.send(JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }));
    });
  }
}

/** A tab of a {@link Window}. */
export class WindowTab {
  readonly #window: Window;
  readonly #targetId: string;
  readonly #sessionId: string;

  constructor(window: Window, targetId: string, sessionId: string) {
    this.#window = window;
    this.#targetId = targetId;
    this.#sessionId = sessionId;
  }

  /** The other tabs are hidden by it. */
  async bringToFront(): Promise<void> {
    await this.#window.send("Target.activateTarget", { targetId: this.#targetId });
  }

  /** Stops all that runs in it, as a browser does with a tab that was hidden for long; only a hidden one can be frozen. */
  async freeze(): Promise<void> {
    await this.#window.send("Page.setWebLifecycleState", { state: "frozen" }, this.#sessionId);
  }

  /** Lets it run again. */
  async thaw(): Promise<void> {
    await this.#window.send("Page.setWebLifecycleState", { state: "active" }, this.#sessionId);
  }

  /** The value of an expression in the page, when it has one. */
  async value(expression: string): Promise<unknown> {
    const params = { expression, returnByValue: true, awaitPromise: true };
    const { result, exceptionDetails } = await this.#window.send("Runtime.evaluate", params, this.#sessionId);
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { readonly value?: unknown }).value;
  }
}
