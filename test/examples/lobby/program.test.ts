import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Built, build } from "../built.js";
import { RunningProgram } from "../run-program.js";
import { openLobby, runLobby, visitor } from "./lobby-server.js";

let built: Built;
beforeAll(async () => {
  built = await build();
  return () => built.remove();
}, 60_000);

describe("the lobby as a program", () => {
  it("says where it is open, and how to see its tree", async () => {
    const { program, url } = await openLobby(built);
    await program.wrote(/Tree\s+npx holdfast tree\n/);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    const tree = await new RunningProgram(built.root, [join(built.root, "dist/src/cli/main.js"), "tree"]).ended;
    expect(tree).toMatchObject({ code: 0, stderr: "" });
    for (const part of ["Lobby", "translator-3", "translators", "rooms", "endpoint.sessions", "endpoint.listener"]) {
      expect(tree.stdout).toContain(part);
    }
    expect(tree.stdout).toMatch(/translators +LeaseManager +held 0 +free 3 +waiting 0/);
    expect(tree.stdout).toMatch(/rooms .*restarts 0\/3 in 5s/);
  });

  it("prints its options and ends with 0 for --help", async () => {
    const { code, stdout } = await runLobby(built, ["--help"]).ended;
    expect(code).toBe(0);
    for (const option of ["--port N", "--cores N", "--tabs N", "--messages N", "Default 500", "Default 200"]) {
      expect(stdout).toContain(option);
    }
  });

  it.each([
    [["--prot", "4000"], "lobby: Unknown option '--prot'"],
    [["--port", "many"], 'lobby: Expected --port to be a number from 0 to 65535, got "many".'],
    [["--port", "65536"], 'got "65536"'],
    [["--name", ""], "lobby: Expected --name with a value, got an empty one."],
    [["room"], "Unexpected argument 'room'"],
    [["--tabs", "0"], 'Expected --tabs to be a number from 1 to 999999, got "0".'],
    [["--messages", "9"], 'Expected --messages to be a number from 10 to 999999, got "9".'],
    [["--cores", "0"], 'Expected --cores to be a number from 1 to 256, got "0".'],
    [["--cores", "257"], 'got "257"'],
    [["--cores", "two"], 'got "two"'],
    [["--store", "x", "--no-store"], "Expected --store or --no-store, got both"],
  ])("ends with 1 for %j and says what is wrong", async (args, text) => {
    const { code, stdout, stderr } = await runLobby(built, args).ended;
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(text);
    expect(stderr).toContain("Try: npm start -- --help");
  });

  it("ends with 1 when the port is taken, and says what to do", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => {
      other.close();
    });
    await once(other, "listening");
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const { code, stdout, stderr } = await runLobby(built, ["--port", String(port)]).ended;
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(
      new RegExp(`^lobby: cannot listen on 127.0.0.1, port ${port}: another process has the port\\..*\\n$`),
    );
  });

  it.each(["SIGINT", "SIGTERM"] as const)("tells its clients to come back at %s, and ends with 0", async (signal) => {
    const { program, url } = await openLobby(built);
    const socket = visitor(url, "Ada");
    const channel = socket.channel("room:lobby");
    await channel.join().reply;
    const answers = ["one", "two", "three"].map((text) => channel.push("say", { text, translate: true }).reply);
    const closed = new Promise((resolve) => {
      socket.onClose(resolve);
    });
    await answers[0];
    program.kill(signal);
    // What it had accepted is done first: translations under way as well.
    expect(await Promise.all(answers)).toEqual([{ number: 1 }, { number: 2 }, { number: 3 }]);
    expect(await closed).toMatchObject({ code: 4201, reason: "drain" });
    expect(await program.ended).toMatchObject({ code: 0, signal: null, stderr: expect.not.stringContaining("error") });
  });

  it("tells a tab that never stops talking to come back, and shows that it was turned away; others go on", async () => {
    const { program, url } = await openLobby(built, 0, ["--messages", "20"]);
    const [loud, calm] = [visitor(url, "Loud"), visitor(url, "Calm")];
    const [shouting, talking] = [loud.channel("room:lobby"), calm.channel("room:lobby")];
    await Promise.all([shouting.join().reply, talking.join().reply]);
    const closed = new Promise((resolve) => {
      loud.onClose(resolve);
    });
    const shouts = Array.from({ length: 1_000 }, (_, n) => shouting.push("say", { text: `${n}` }).reply);
    void Promise.allSettled(shouts);
    expect(await closed).toMatchObject({ code: 4206, reason: "rate_limited", retryAfterMs: expect.any(Number) });
    await talking.push("say", { text: "hello" }).reply;
    const holdfast = [join(built.root, "dist/src/cli/main.js"), "connections", "--pid", `${program.pid}`];
    const shown = await new RunningProgram(built.root, [...holdfast, "--json"]).ended;
    expect(JSON.parse(shown.stdout)).toMatchObject({
      endpoint: "endpoint",
      closed: false,
      turnedAway: { rate_limited: 1 },
    });
    const text = await new RunningProgram(built.root, holdfast).ended;
    expect(text.stdout).toMatch(
      /^endpoint +endpoint {2}takes new connections\nconnections +open \d+ .*\nsessions +online /,
    );
    expect(text.stdout).toMatch(/turned away +before_upgrade 0 .*rate_limited 1/);
  });

  it("loses nothing when it is killed and started again on the same store", async () => {
    const store = join(built.root, "kept");
    const { program, url } = await openLobby(built, 0, ["--store", store]);
    await program.wrote(new RegExp(`Kept +${store}\\n`));
    const [ada, bob] = [visitor(url, "Ada"), visitor(url, "Bob")];
    const lost: string[] = [];
    const heard: string[] = [];
    for (const person of [ada, bob]) person.onSessionLost(({ reason }) => lost.push(reason));
    const [saying, listening] = [ada.channel("room:lobby"), bob.channel("room:lobby")];
    const keep = ({ text }: { readonly text?: unknown }): void => void heard.push(String(text));
    listening.on("said", (said) => keep(Object(said)));
    await Promise.all([saying.join().reply, listening.join().reply]);
    expect(await saying.push("say", { text: "one" }).reply).toEqual({ number: 1 });
    program.kill("SIGKILL");
    await program.ended;
    const two = saying.push("say", { text: "two" }).reply;
    await openLobby(built, Number(new URL(url).port), ["--store", store]);
    expect(await two).toEqual({ number: 2 });
    const late = visitor(url, "Eve").channel("room:lobby");
    const history = new Promise((resolve) => late.on("history", resolve));
    late.join();
    expect(await history).toMatchObject({ messages: [{ text: "one" }, { text: "two" }] });
    await listening.push("say", { text: "three" }).reply;
    expect(heard).toEqual(["one", "two", "three"]);
    expect(lost).toEqual([]);
  });

  it("says so when another one has the store open", async () => {
    const store = join(built.root, "shared");
    await openLobby(built, 0, ["--store", store]);
    const { code, stderr } = await runLobby(built, ["--port", "0", "--store", store]).ended;
    expect(code).toBe(1);
    expect(stderr).toContain(`lobby: another server has the store ${store} open`);
  });

  it("takes the signal that npm passes on for the same Ctrl-C", async () => {
    const { program } = await openLobby(built);
    program.kill("SIGINT");
    program.kill("SIGINT");
    expect(await program.ended).toMatchObject({ code: 0, stdout: expect.stringContaining("Stopped.") });
  });

  it("ends at once, with 130, at the second Ctrl-C", async () => {
    const { program, url } = await openLobby(built);
    const channel = visitor(url, "Ada").channel("room:lobby");
    await channel.join().reply;
    // Each takes 300 ms at least, one after the other: the drain waits for them.
    const answers = Array.from({ length: 8 }, () => channel.push("say", { text: "slow", translate: true }).reply);
    void Promise.allSettled(answers);
    await answers[0];
    program.kill("SIGINT");
    await answers[2];
    program.kill("SIGINT");
    expect(await program.ended).toMatchObject({ code: 130, stdout: expect.not.stringContaining("Stopped.") });
  });
});
