import { type Browser, chromium } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { chromiumPath, requireOrAnnounce } from "../environment.js";
import { type Built, build } from "../examples/built.js";
import { openLobby, visitor } from "../examples/lobby/lobby-server.js";
import { Tab } from "./tab.js";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

describe.runIf(requireOrAnnounce("chromium"))("the lobby in a browser", () => {
  let built: Built;
  let browser: Browser;

  beforeAll(async () => {
    built = await build();
    return () => built.remove();
  }, 60_000);

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: chromiumPath() ?? "", headless: true, args: FLAGS });
    return () => browser.close();
  });

  /** Somebody without a browser, who talks in the room. */
  async function talker(url: string, name: string) {
    const channel = visitor(url, name).channel("room:lobby");
    await channel.join().reply;
    return (text: string, translate = false) => channel.push("say", { text, translate }).reply;
  }

  it("lets a person in, and shows what is said, as text", async () => {
    const { url } = await openLobby(built);
    const ada = await Tab.join(browser, url, "Ada");
    await ada.socketIs("open");
    const bob = await Tab.join(browser, url, "Bob");
    await ada.say("Hello <b>Bob</b> & all");
    await bob.say("How are you");
    const expected = ["Hello <b>Bob</b> & all", "How are you"];
    expect(await ada.messages(2)).toEqual(expected);
    expect(await bob.messages(2)).toEqual(expected);
    expect(await bob.page.locator("#messages .author").allTextContents()).toEqual(["Ada", "Bob"]);
    expect(await ada.page.locator("#people-title").textContent()).toBe("2 people here");
    ada.expectNoComplaints();
    bob.expectNoComplaints();
  });

  it("shows who comes later what was said before", async () => {
    const { url } = await openLobby(built);
    const say = await talker(url, "Bob");
    for (const text of ["one", "two", "three"]) await say(text);
    const ada = await Tab.join(browser, url, "Ada");
    expect(await ada.messages(3)).toEqual(["one", "two", "three"]);
  });

  it("shows both tabs of one person the same, and counts them", async () => {
    const { url } = await openLobby(built);
    const first = await Tab.join(browser, url, "Ada");
    // By the address alone, as the link to another tab has it.
    const second = await Tab.open(browser, first.page.url());
    await second.shows("#people:has-text('2 tabs')");
    await first.say("from the first");
    await first.messages(1);
    await second.say("from the second");
    for (const tab of [first, second]) expect(await tab.messages(2)).toEqual(["from the first", "from the second"]);
    await second.close();
    await first.shows("#people:not(:has-text('tabs'))");
  });

  it("translates a message, and says who did it", async () => {
    const { url } = await openLobby(built);
    const ada = await Tab.join(browser, url, "Ada");
    await ada.say("Good morning", true);
    expect(await ada.messages(1)).toEqual(["Oodgay orningmay"]);
    expect(await ada.page.locator(".original").textContent()).toMatch(/^Good morning \(translator-\d, \d+ ms\)$/);
  });

  it("shows each message said while its socket was gone once and in order, and sends once what was typed meanwhile", async () => {
    const { url } = await openLobby(built);
    const ada = await Tab.join(browser, url, "Ada");
    const say = await talker(url, "Bob");
    await say("before");
    await ada.messages(1);
    await ada.dropSocket();
    await ada.socketIs("waiting");
    for (let number = 1; number <= 20; number++) await say(`meanwhile ${number}`);
    await ada.say("typed offline 1");
    await ada.say("typed offline 2");
    expect(await ada.page.locator("#waiting").textContent()).toBe("2 messages");
    expect(await ada.page.locator("#outgoing .text").allTextContents()).toEqual(["typed offline 1", "typed offline 2"]);
    expect(await ada.page.locator("#messages .message").count()).toBe(1);
    await ada.shows("#messages .note:has-text('session resumed')");
    const meanwhile = Array.from({ length: 20 }, (_, index) => `meanwhile ${index + 1}`);
    await say("after");
    const shown = await ada.messages(24);
    expect(shown.filter((text) => text.startsWith("typed"))).toEqual(["typed offline 1", "typed offline 2"]);
    expect(shown.filter((text) => !text.startsWith("typed"))).toEqual(["before", ...meanwhile, "after"]);
    await ada.shows("#waiting:text-is('0 messages')");
    expect(await ada.page.locator("#outgoing li").count()).toBe(0);
    expect(await ada.page.locator("#resumed").textContent()).toBe("1 time");
    ada.expectNoComplaints();
  });

  it("shows that a room crashed, and goes on in the next", async () => {
    const { url } = await openLobby(built);
    const ada = await Tab.join(browser, url, "Ada");
    await ada.say("before");
    await ada.messages(1);
    await ada.say("/crash");
    await ada.shows(".note:has-text('The room crashed')");
    await ada.say("after");
    expect(await ada.messages(2)).toEqual(["before", "after"]);
    ada.expectNoComplaints();
  });

  it("comes back after a restart of the server, with what was typed meanwhile", async () => {
    const { program, url } = await openLobby(built);
    const ada = await Tab.join(browser, url, "Ada");
    await ada.say("before");
    await ada.messages(1);
    // Kept by the page itself: its client may try again, and fail, within milliseconds.
    await ada.page.evaluate(`{
      const status = document.querySelector("#status-text");
      globalThis.statusTexts = [];
      new MutationObserver(() => statusTexts.push(status.textContent)).observe(status, { childList: true, characterData: true, subtree: true });
    }`);
    program.kill("SIGINT");
    await ada.socketIs("waiting");
    expect(await ada.page.evaluate("statusTexts")).toContain("Offline: the server asks to come back, code 4201");
    expect((await program.ended).code).toBe(0);
    await ada.say("typed while it was down");
    await openLobby(built, Number(new URL(url).port));
    // Hidden by now if the client was faster.
    await ada.page.locator("#try-now").dispatchEvent("click");
    await ada.socketIs("open");
    expect(await ada.messages(2)).toEqual(["before", "typed while it was down"]);
    await ada.shows(".note:has-text('The room began anew')");
    // While nobody listens the browser itself says so; nothing else may be said.
    expect(ada.complaints.filter((text) => !text.includes("ERR_CONNECTION_REFUSED"))).toEqual([]);
  });

  it("says why it is not let in", async () => {
    const { url } = await openLobby(built);
    const tab = await Tab.open(browser, `${url}/?name=${encodeURIComponent("\u0007")}&room=lobby`);
    expect(await tab.page.locator("#join-problem").textContent()).toContain("A name has 1 to 24 characters");
    expect(await tab.page.locator("#status-text").textContent()).toBe("Not connected");
  });

  it("shows each state of its socket, and the time until the next attempt", async () => {
    const { url } = await openLobby(built);
    const ada = await Tab.join(browser, url, "Ada");
    await ada.shows("#status[data-state='open']:has-text('Connected')");
    await ada.dropSocket();
    await ada.shows("#status[data-state='waiting']");
    await ada.shows("#countdown:has-text('next try in')");
    await ada.shows("#status[data-state='open']:has-text('Connected')");
    expect(await ada.page.locator("#countdown").textContent()).toBe("");
    ada.expectNoComplaints();
  });

  it("does not come back while it is hidden and has no session, and at once when it is shown", async () => {
    const { program, url } = await openLobby(built);
    const tab = await Tab.open(browser, url);
    await tab.setHidden(true);
    program.kill("SIGINT");
    await program.ended;
    await tab.page.getByLabel("Your name").fill("Ada");
    await tab.page.getByRole("button", { name: "Join" }).click();
    await tab.socketIs("waiting");
    await openLobby(built, Number(new URL(url).port));
    // The delay before the first attempt has passed, and nothing came of it.
    await tab.shows("#countdown:has-text('next try in 0 s')");
    await tab.socketIs("waiting");
    await tab.setHidden(false);
    await tab.socketIs("open");
    await tab.shows('#people:has-text("Ada")');
  });
});
