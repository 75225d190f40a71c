import { Channel, ok, type Topics } from "holdfast/actors";
import { describe, expect, it } from "vitest";
import { requireOrAnnounce } from "../environment.js";
import { page } from "../examples/documents.js";
import { Diary } from "./rooms.js";
import { serve, type Served } from "./served.js";
import { Shell } from "./shell.js";

const DOCUMENTED_PORT = "4000";

/** The shell's lines of the guide, with the port of a server under test: those of `curl` alone, and those of a session, block by block. */
function documented(port: number): { listen: string; session: readonly string[] } {
  const blocks = [...page("docs/guides/transports.md").text.matchAll(/^```sh\n(.*?)^```$/gms)];
  const [listen = "", ...session] = blocks.map(([, block = ""]) => block.replaceAll(DOCUMENTED_PORT, String(port)));
  return { listen, session };
}

interface Stage extends Served {
  readonly diary: Diary;
  /** Sends to everybody on a topic. */
  tell(topic: string, text: string): void;
}

async function stage(): Promise<Stage> {
  const diary = new Diary();
  class Room extends Channel {
    override join(): void {
      diary.write(`join ${this.topic}`);
    }

    override handleIn(event: string, payload: unknown) {
      diary.write(`${event} ${JSON.stringify(payload)}`);
      return ok();
    }

    override handleSession(state: string): void {
      diary.write(state);
    }
  }
  const server = await serve({ socket: { channels: { "room:*": Room } } });
  const tell = (topic: string, text: string): void =>
    server.system.whereis<Topics>("endpoint.topics")?.cast.broadcast(topic, "news", { text });
  return { ...server, diary, tell };
}

const is = (part: string) => (line: string) => line.includes(part);

describe.runIf(requireOrAnnounce("curl"))("the documented lines of curl", () => {
  it("print what happens on topics, a frame a line", async () => {
    const { port, diary, tell } = await stage();
    const shell = new Shell();
    const { listen } = documented(port);
    expect(listen).toMatch(/^curl -N /);
    shell.begin(listen);
    await diary.wrote("join room:2");
    for (const topic of ["room:1", "room:2"]) await shell.printed(is(`"${topic}","phx_reply"`));
    tell("room:2", "hello");
    expect(await shell.printed(is("news"))).toBe('[null,null,"room:2","news",{"text":"hello"}]');
  });

  it("open a session, send to it, and resume it after curl was killed, with what came meanwhile", async () => {
    const { port, diary, tell } = await stage();
    const shell = new Shell();
    const { session } = documented(port);
    const [open = "", talk = "", comeBack = ""] = session;
    expect(session).toHaveLength(3);
    expect(await shell.run(open)).toEqual(['{"ok":true}']);
    const answers = await shell.run(talk);
    expect(answers.filter(is("phx_reply"))).toEqual([
      expect.stringMatching(/^\["1","2","room:1","phx_reply",\{"status":"ok","response":\{\}\},1/),
      expect.stringMatching(/^\["1","3","room:1","phx_reply",\{"status":"ok","response":\{\}\},2/),
    ]);
    const [kill = "", ...rest] = comeBack.split("\n");
    expect(kill).toBe("kill $listener");
    await shell.run(`${kill}; while kill -0 $listener 2>/dev/null; do wait $listener; done`);
    tell("room:1", "meanwhile");
    expect((await shell.run(rest.join("\n"))).filter(is("resumed"))).toHaveLength(1);
    const [missed] = await shell.run("next news");
    expect(missed).toMatch(/^\[null,null,"room:1","news",\{"text":"meanwhile"\},3/);
    expect(diary.lines).toEqual(["join room:1", 'say {"text":"from curl"}']);
    expect(shell.complaints).toBe("");
  });
});
