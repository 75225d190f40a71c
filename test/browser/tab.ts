import type { Browser, Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";

/** One tab of the lobby, in a browser window of its own, and what it complained about. */
export class Tab {
  readonly page: Page;
  /** Console errors, uncaught errors and violations of the content security policy. */
  readonly complaints: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
  }

  /** Opens an address in a new window. */
  static async open(browser: Browser, url: string): Promise<Tab> {
    const context = await browser.newContext();
    onTestFinished(() => context.close());
    const tab = new Tab(await context.newPage());
    await tab.page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
        console.error(`violates ${violatedDirective}: ${blockedURI}`);
      });
    });
    await tab.page.goto(url);
    return tab;
  }

  /** Opens the lobby and comes in by the form, as a person does. */
  static async join(browser: Browser, url: string, name: string, room = "lobby"): Promise<Tab> {
    const tab = await Tab.open(browser, url);
    await tab.page.getByLabel("Your name").fill(name);
    await tab.page.getByLabel("Room", { exact: true }).fill(room);
    await tab.page.getByRole("button", { name: "Join" }).click();
    await tab.shows(`#people:has-text("${name}")`);
    return tab;
  }

  /** Types a message and sends it with Enter. */
  async say(text: string, translate = false): Promise<void> {
    await this.page.getByLabel("translate", { exact: true }).setChecked(translate);
    await this.page.getByLabel("Message", { exact: true }).fill(text);
    await this.page.getByLabel("Message", { exact: true }).press("Enter");
  }

  /** Resolves when the page shows something that fits a selector. */
  async shows(selector: string): Promise<void> {
    await this.page.waitForSelector(selector);
  }

  /** Resolves when the socket is in that state. */
  socketIs(state: string): Promise<void> {
    return this.shows(`#status[data-state="${state}"]`);
  }

  /** Resolves when that many messages are shown, and gives their texts in the order in which they are shown. */
  async messages(count: number): Promise<string[]> {
    await this.shows(`#messages .message >> nth=${count - 1}`);
    return this.page.locator("#messages .message .text").allTextContents();
  }

  /** Drops the socket with the page's button. */
  async dropSocket(): Promise<void> {
    await this.page.getByRole("button", { name: "Drop the socket" }).click();
    await this.shows("#drop:disabled");
  }

  /** Makes the page believe that nobody sees it, or somebody again. */
  async setHidden(hidden: boolean): Promise<void> {
    await this.page.evaluate((isHidden) => {
      const state = isHidden ? "hidden" : "visible";
      Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    }, hidden);
  }

  /** Expects that nothing went wrong. */
  expectNoComplaints(): void {
    expect(this.complaints).toEqual([]);
  }

  /** Closes the tab as a person does, so that the page is told. */
  close(): Promise<void> {
    return this.page.close({ runBeforeUnload: false });
  }
}
