import { createSystem, type Report } from "holdfast";
import type { Channel, Socket } from "holdfast/client";
import { describe, expect, it, onTestFinished } from "vitest";
import { VISITOR_LIMITS } from "../../../examples/lobby/limits.js";
import { Lobby, type LobbyStart } from "../../../examples/lobby/lobby.js";
import { readHistory, readMessage, readPresent, readText } from "../../../examples/lobby/page/read-events.js";
import { forgetfulRoomStore } from "../../../examples/lobby/room-store.js";
import type { ChatMessage, History, Present } from "../../../examples/lobby/wire.js";
import { visitor } from "./lobby-server.js";

interface HasPort {
  port(): number;
}

async function lobby(): Promise<{ url: string; reports: readonly Report[] }> {
  const reports: Report[] = [];
  const page = (): void => undefined;
  const kept = { store: undefined, rooms: forgetfulRoomStore };
  const rootArgs: LobbyStart = { port: 0, host: "127.0.0.1", page, ...kept, limits: VISITOR_LIMITS };
  const system = await createSystem({ root: Lobby, rootArgs, reporter: (report) => reports.push(report) });
  onTestFinished(() => system.stop());
  const port = await system.whereis<HasPort>("endpoint.listener")?.call.port();
  return { url: `http://127.0.0.1:${port}`, reports };
}

/** A person in a room, and all that this person has heard there. */
class Guest {
  readonly socket: Socket;
  readonly channel: Channel;
  readonly heard: ChatMessage[] = [];
  readonly histories: History[] = [];
  readonly notices: string[] = [];
  present: Present = { people: [], count: 0 };
  #wake: () => void = () => undefined;

  constructor(url: string, name: string, room = "lobby") {
    this.socket = visitor(url, name);
    this.channel = this.socket.channel(`room:${room}`);
    this.#on("said", (payload) =>
      this.heard.push(...[readMessage(payload)].filter((message) => message !== undefined)),
    );
    this.#on("history", (payload) => this.histories.push(...[readHistory(payload)].filter((one) => one !== undefined)));
    this.#on("notice", (payload) => this.notices.push(readText(payload, "text") ?? ""));
    this.#on("present", (payload) => {
      this.present = readPresent(payload) ?? this.present;
    });
    this.channel.join();
  }

  say(text: string, translate = false): Promise<unknown> {
    return this.channel.push("say", { text, translate }).reply;
  }

  /** Resolves when what this person has heard makes it true. */
  async until(fits: () => boolean): Promise<void> {
    while (!fits()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Resolves when this person is in the room. */
  async isIn(): Promise<this> {
    await this.until(() => this.histories.length > 0);
    return this;
  }

  #on(event: string, take: (payload: unknown) => void): void {
    this.channel.on(event, (payload) => {
      take(payload);
      this.#wake();
    });
  }
}

describe("a room of the lobby", () => {
  it("has one order for all who are in it", async () => {
    const { url } = await lobby();
    const guests = await Promise.all(["Ada", "Bob", "Cy"].map((name) => new Guest(url, name).isIn()));
    await Promise.all(guests.flatMap((guest) => [1, 2, 3, 4].map((number) => guest.say(`${number}`))));
    await Promise.all(guests.map((guest) => guest.until(() => guest.heard.length === 12)));
    const [first, ...others] = guests.map(({ heard }) =>
      heard.map(({ number, author, text }) => [number, author, text]),
    );
    expect(first?.map(([number]) => number)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
    for (const other of others) expect(other).toEqual(first);
  });

  it("tells who comes later the last 50 messages", async () => {
    const { url } = await lobby();
    const ada = await new Guest(url, "Ada").isIn();
    for (let number = 1; number <= 60; number++) await ada.say(`number ${number}`);
    const bob = await new Guest(url, "Bob").isIn();
    expect(bob.histories[0]?.messages.map(({ text }) => text)).toEqual(
      Array.from({ length: 50 }, (_, index) => `number ${index + 11}`),
    );
  });

  it("is heard in that room only", async () => {
    const { url } = await lobby();
    const [ada, bob] = await Promise.all([new Guest(url, "Ada").isIn(), new Guest(url, "Bob", "garden").isIn()]);
    await ada.say("in the lobby");
    await bob.say("in the garden");
    await bob.until(() => bob.heard.length > 0);
    expect(bob.heard.map(({ text }) => text)).toEqual(["in the garden"]);
  });

  it("knows who is there, with how many tabs", async () => {
    const { url } = await lobby();
    const [ada, second] = await Promise.all([new Guest(url, "Ada").isIn(), new Guest(url, "Ada").isIn()]);
    const bob = new Guest(url, "Bob");
    await bob.until(() => bob.present.count === 2);
    expect(bob.present.people).toContainEqual({ name: "Ada", tabs: 2 });
    second.socket.disconnect();
    await bob.until(() => bob.present.people.some(({ name, tabs }) => name === "Ada" && tabs === 1));
    ada.socket.disconnect();
    await bob.until(() => bob.present.count === 1);
  });

  it("comes back after a crash with its messages, and with all who were in it", async () => {
    const { url, reports } = await lobby();
    const [ada, bob] = await Promise.all([new Guest(url, "Ada").isIn(), new Guest(url, "Bob").isIn()]);
    await ada.say("before");
    await ada.say("/crash");
    await Promise.all([ada, bob].map((guest) => guest.until(() => guest.histories.length === 2)));
    await bob.say("after");
    await ada.until(() => ada.heard.length === 2);
    expect(ada.heard.map(({ log, number, text }) => [log, number, text])).toEqual([
      [ada.histories[0]?.log, 1, "before"],
      [ada.histories[0]?.log, 2, "after"],
    ]);
    expect(ada.notices).toEqual(["The room crashed. Its supervisor has started it again."]);
    await bob.until(() => bob.present.count === 2);
    expect(reports.filter(({ type }) => type === "crash")).toHaveLength(1);
  });

  it("begins anew when it crashes more often than its supervisor allows", async () => {
    const { url } = await lobby();
    const ada = await new Guest(url, "Ada").isIn();
    await ada.say("before");
    const log = ada.histories[0]?.log;
    for (let crash = 1; crash <= 4; crash++) {
      await ada.say("/crash");
      await ada.until(() => ada.histories.length > crash);
    }
    expect(ada.histories.at(-1)?.messages).toEqual([]);
    expect(ada.histories.at(-1)?.log).not.toBe(log);
    await ada.say("after");
    await ada.until(() => ada.heard.at(-1)?.text === "after");
  });

  it.each([
    ["an empty text", { text: "  " }],
    ["a text that is too long", { text: "x".repeat(1_001) }],
    ["something that is no text", { text: { toString: "evil" } }],
    ["no payload", null],
  ])("refuses %s", async (_what, payload) => {
    const { url } = await lobby();
    const ada = await new Guest(url, "Ada").isIn();
    await expect(ada.channel.push("say", payload).reply).rejects.toMatchObject({ code: "refused" });
    expect(await ada.say("still here")).toEqual({ number: 1 });
  });

  it("does not let in who has no name, nor make a room of a bad one", async () => {
    const { url } = await lobby();
    const nobody = visitor(url, " ");
    await new Promise<void>((resolve) => {
      nobody.onClose(({ code }) => code === 4003 && resolve());
    });
    const ada = visitor(url, "Ada");
    const refusal = ada.channel("room:No such room!").join();
    await expect(refusal.reply).rejects.toMatchObject({
      code: "refused",
      response: { reason: expect.stringContaining("a-z") },
    });
  });
});

describe("the translators of the lobby", () => {
  it("translate for more people than there are translators, each for one at a time", async () => {
    const { url } = await lobby();
    const guests = await Promise.all(Array.from({ length: 7 }, (_, index) => new Guest(url, `Guest ${index}`).isIn()));
    await Promise.all(guests.map((guest) => guest.say("Hello there", true)));
    const [ada] = guests;
    await ada?.until(() => ada.heard.length === 7);
    const translations = ada?.heard.map(({ translation }) => translation) ?? [];
    expect(new Set(translations.map((one) => one?.text))).toEqual(new Set(["Ellohay erethay"]));
    expect(new Set(translations.map((one) => one?.by))).toEqual(
      new Set(["translator-1", "translator-2", "translator-3"]),
    );
    for (const one of translations) {
      expect(one?.tookMs).toBeGreaterThanOrEqual(300);
      expect(one?.tookMs).toBeLessThanOrEqual(800);
    }
  });
});
