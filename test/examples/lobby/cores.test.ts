import { join } from "node:path";
import type { Channel, Socket } from "holdfast/client";
import { beforeAll, describe, expect, it } from "vitest";
import { gone } from "../../cluster/cores/program.js";
import { type Built, build } from "../built.js";
import { RunningProgram } from "../run-program.js";
import { openLobby, runLobby, visitor } from "./lobby-server.js";

let built: Built;
beforeAll(async () => {
  built = await build();
  return () => built.remove();
}, 60_000);

const SLOW = { timeout: 90_000 };

/** A row of `holdfast tree --json`, as far as it is looked at here. */
interface Row {
  readonly label?: string;
  readonly behaviour: string;
  readonly status?: { readonly user?: string };
  readonly children: readonly Row[];
}

async function coreRows(program: RunningProgram): Promise<readonly Row[]> {
  const tree = await holdfast("tree", "--pid", `${program.pid}`, "--json");
  const { root } = JSON.parse(tree) as { readonly root: Row };
  return root.children;
}

async function holdfast(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await new RunningProgram(built.root, [
    join(built.root, "dist/src/cli/main.js"),
    ...args,
  ]).ended;
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
}

/** The people whose sessions are below a row. */
function peopleOf(row: Row): string[] {
  const here = row.behaviour === "Session" && row.status?.user !== undefined ? [row.status.user] : [];
  return [...here, ...row.children.flatMap(peopleOf)];
}

/** A person in the room, and what was heard there. */
class Guest {
  readonly socket: Socket;
  readonly channel: Channel;
  readonly heard: string[] = [];
  readonly lost: string[] = [];
  #people = "";
  #past: readonly string[] = [];
  #wake: () => void = () => undefined;

  constructor(url: string, name: string) {
    this.socket = visitor(url, name);
    this.socket.onSessionLost(({ reason }) => this.lost.push(reason));
    this.channel = this.socket.channel("room:lobby");
    this.#on("said", ({ text }: { readonly text?: unknown }) => this.heard.push(String(text)));
    this.#on("history", ({ messages }: { readonly messages?: readonly { readonly text: string }[] }) => {
      this.#past = (messages ?? []).map(({ text }) => text);
    });
    this.#on("present", ({ people }: { readonly people?: readonly { readonly name: string }[] }) => {
      this.#people = (people ?? [])
        .map(({ name: person }) => person)
        .sort()
        .join(" ");
    });
    this.channel.join();
  }

  say(text: string): Promise<unknown> {
    return this.channel.push("say", { text }).reply;
  }

  async sees(people: string): Promise<void> {
    await this.#until(() => this.#people === people);
  }

  async hears(...texts: readonly string[]): Promise<void> {
    await this.#until(() => texts.every((text) => this.heard.includes(text)));
  }

  async wasTold(...texts: readonly string[]): Promise<void> {
    await this.#until(() => JSON.stringify(this.#past) === JSON.stringify(texts));
  }

  closed(): Promise<{ readonly code: number; readonly reason: string }> {
    return new Promise((resolve) => this.socket.onClose(resolve));
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  #on<Payload extends object>(event: string, take: (payload: Payload) => void): void {
    this.channel.on(event, (payload) => {
      take(payload as Payload);
      this.#wake();
    });
  }
}

/** Lets people in until two of them are on different cores. */
async function twoOnDifferentCores(program: RunningProgram, url: string): Promise<readonly [Guest, Guest]> {
  const ada = new Guest(url, "Ada");
  await ada.sees("Ada");
  for (let next = 1; ; next++) {
    const name = `Bob-${next}`;
    const bob = new Guest(url, name);
    await bob.sees(`Ada ${name}`);
    const rows = (await coreRows(program)).map(peopleOf);
    if (rows.every((people) => people.length === 1)) return [ada, bob];
    bob.socket.disconnect();
    await ada.sees("Ada");
  }
}

describe("the lobby on two cores", SLOW, () => {
  it("has one room for people of both, one tree, and stops in order", async () => {
    const { program, url } = await openLobby(built, 0, ["--cores", "2"]);
    await program.wrote(/Cores +core-[12], core-[12]\n/);
    const pids = await Promise.all(
      [1, 2].map(async (number) => Number((await program.wrote(new RegExp(`core-${number}: ready, pid (\\d+)`)))[1])),
    );
    const [ada, bob] = await twoOnDifferentCores(program, url);
    expect(await ada.say("from Ada")).toEqual({ number: 1 });
    expect(await bob.say("from Bob")).toEqual({ number: 2 });
    await Promise.all([ada, bob].map((guest) => guest.hears("from Ada", "from Bob")));
    expect(ada.heard).toEqual(["from Ada", "from Bob"]);
    expect(bob.heard).toEqual(["from Ada", "from Bob"]);
    const late = new Guest(url, "Eve");
    await late.wasTold("from Ada", "from Bob");

    const tree = await holdfast("tree", "--pid", `${program.pid}`);
    expect(tree).toMatch(/^lobby {2}pid/);
    expect(tree.match(/ room:lobby +Room /g)).toHaveLength(1);
    expect(tree.match(/ Lobby +one_for_one/g)).toHaveLength(2);

    const closed = [ada, bob, late].map((guest) => guest.closed());
    program.kill("SIGINT");
    for (const close of await Promise.all(closed)) expect(close).toMatchObject({ code: 4201, reason: "drain" });
    const { code, stdout, stderr } = await program.ended;
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/Stopping: .*\n(core-[12]: (stopping|stopped)\n){4}Stopped\.\n$/);
    for (const pid of pids) await gone(pid);
  });

  it("has the past of its rooms again after it was killed, and nobody begins anew", async () => {
    const store = join(built.root, "kept-by-cores");
    const first = await openLobby(built, 0, ["--cores", "2", "--store", store]);
    const [ada, bob] = await twoOnDifferentCores(first.program, first.url);
    await ada.say("one");
    await bob.say("two");
    await Promise.all([ada, bob].map((guest) => guest.hears("one", "two")));
    first.program.kill("SIGKILL");
    await first.program.ended;
    const three = ada.say("three");
    await openLobby(built, Number(new URL(first.url).port), ["--cores", "2", "--store", store]);
    expect(await three).toEqual({ number: 3 });
    await bob.hears("three");
    const late = new Guest(first.url, "Eve");
    await late.wasTold("one", "two", "three");
    expect(bob.heard).toEqual(["one", "two", "three"]);
    expect([ada.lost, bob.lost]).toEqual([[], []]);
  });

  it("ends at once, with 130, at the second Ctrl-C, and leaves no core behind", async () => {
    const { program, url } = await openLobby(built, 0, ["--cores", "2"]);
    const pids = await Promise.all(
      [1, 2].map(async (number) => Number((await program.wrote(new RegExp(`core-${number}: ready, pid (\\d+)`)))[1])),
    );
    const ada = new Guest(url, "Ada");
    await ada.sees("Ada");
    // Each takes 300 ms at least, one after the other: the drain waits for them.
    const slow = (): Promise<unknown> => ada.channel.push("say", { text: "slow", translate: true }).reply;
    const answers = Array.from({ length: 8 }, slow);
    void Promise.allSettled(answers);
    await answers[0];
    program.kill("SIGINT");
    await answers[2];
    program.kill("SIGINT");
    expect(await program.ended).toMatchObject({ code: 130, stdout: expect.not.stringContaining("Stopped.") });
    for (const pid of pids) await gone(pid);
  });

  it("says what is wrong when it cannot start, as on one core", async () => {
    const { program, url } = await openLobby(built);
    const { port } = new URL(url);
    const { code, stdout, stderr } = await runLobby(built, ["--cores", "2", "--port", port]).ended;
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^lobby: [^\n]*another process has the port[^\n]*\n$/);
    program.kill("SIGTERM");
    expect((await program.ended).code).toBe(0);
  });
});
