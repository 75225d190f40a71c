import type { ExitReason } from "holdfast";
import { Connection } from "holdfast/actors";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { Diary } from "./rooms.js";
import { type Served, serve } from "./served.js";

interface Stage extends Served {
  readonly diary: Diary;
  /** Makes a connected WebSocket. */
  readonly connect: () => Promise<WebSocket>;
}

async function stage(): Promise<Stage> {
  const diary = new Diary();
  class Raw extends Connection {
    override init(): void {
      diary.write("init");
      this.sendFrame("welcome");
    }

    protected override handleFrame(frame: string | Uint8Array): void {
      if (frame === "crash") throw new Error("asked to");
      if (frame === "stop") this.stop();
      else if (frame === "close") this.close(4321, "as you wish");
      else if (frame === "later") this.sendAfter(1, "later");
      else this.sendFrame(frame);
    }

    override handleInfo(message: unknown): void {
      this.sendFrame(`info ${String(message)}`);
    }

    override terminate(reason: ExitReason): void {
      diary.write(`end ${reason instanceof Object && "error" in reason ? "error" : JSON.stringify(reason)}`);
    }
  }
  const server = await serve({ connections: { "/raw": Raw } });
  const connect = async (): Promise<WebSocket> => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/raw`);
    onTestFinished(() => socket.terminate());
    expect(await message(socket)).toBe("welcome");
    return socket;
  };
  return { ...server, diary, connect };
}

function message(socket: WebSocket): Promise<unknown> {
  return new Promise((resolve) => {
    socket.once("message", (data: Buffer, binary: boolean) => resolve(binary ? data : data.toString("utf8")));
  });
}

function closed(socket: WebSocket): Promise<unknown> {
  return new Promise((resolve) => {
    socket.once("close", (code, reason) => resolve([code, reason.toString("utf8")]));
  });
}

describe("a connection of one's own", () => {
  it("gets text as a string and binary as bytes, and sends both", async () => {
    const { connect } = await stage();
    const socket = await connect();
    socket.send("grüß dich");
    expect(await message(socket)).toBe("grüß dich");
    socket.send(Buffer.from([1, 2, 3]));
    expect(await message(socket)).toEqual(Buffer.from([1, 2, 3]));
  });

  it("has timers and messages like any actor", async () => {
    const { connect } = await stage();
    const socket = await connect();
    socket.send("later");
    expect(await message(socket)).toBe("info later");
  });

  it("closes with the code it chooses", async () => {
    const { connect, diary } = await stage();
    const socket = await connect();
    socket.send("close");
    expect(await closed(socket)).toEqual([4321, "as you wish"]);
    expect(await diary.wrote("end")).toBe('end {"shutdown":{"code":4321,"reason":"as you wish"}}');
  });

  it("closes the socket with 1000 when it stops", async () => {
    const { connect } = await stage();
    const socket = await connect();
    socket.send("stop");
    expect(await closed(socket)).toEqual([1000, ""]);
  });

  it("closes the socket with 4207 when it crashes, and harms no other", async () => {
    const { connect, diary, reports } = await stage();
    const [crashing, other] = [await connect(), await connect()];
    crashing.send("crash");
    expect(await closed(crashing)).toEqual([4207, '{"reason":"server_error"}']);
    expect(await diary.wrote("end")).toBe("end error");
    other.send("still here");
    expect(await message(other)).toBe("still here");
    expect(reports.map(({ type }) => type)).toContain("crash");
  });

  it("ends with the client's close code as its reason", async () => {
    const { connect, diary } = await stage();
    const socket = await connect();
    socket.close(3999, "bye");
    expect(await diary.wrote("end")).toBe('end {"shutdown":{"code":3999,"reason":"bye"}}');
  });

  it("ends with code 1006 when the client is lost", async () => {
    const { connect, diary } = await stage();
    (await connect()).terminate();
    expect(await diary.wrote("end")).toContain('"code":1006');
  });

  it("is closed with 4201 when the server stops", async () => {
    const { connect, system } = await stage();
    const socket = await connect();
    const ended = closed(socket);
    await system.stop();
    expect(await ended).toEqual([4201, expect.stringContaining('"reason":"drain"')]);
  });
});
