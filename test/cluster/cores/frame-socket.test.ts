import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createConnection, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FrameSocket } from "../../../src/cluster/cores/frame-socket.js";

/** One end of a connection over a real Unix socket, with what came out of it. */
interface End {
  readonly socket: Socket;
  readonly line: FrameSocket;
  readonly frames: Buffer[];
  readonly closed: Promise<string>;
  /** Resolves when so many frames have come. */
  frame(count: number): Promise<void>;
}

let folder: string;
let near: End;
let far: End;
let stop: () => Promise<void>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-frames-"));
  const path = join(folder, "line.sock");
  const server = createServer();
  server.listen(path);
  await once(server, "listening");
  const dialled = createConnection(path);
  const [accepted] = (await once(server, "connection")) as [Socket];
  near = endOf(dialled);
  far = endOf(accepted);
  stop = async () => {
    dialled.destroy();
    accepted.destroy();
    server.close();
    await rm(folder, { recursive: true, force: true });
  };
});

afterEach(() => stop());

function endOf(socket: Socket): End {
  const frames: Buffer[] = [];
  const waiting = new Set<() => void>();
  let close: (why: string) => void = () => undefined;
  const closed = new Promise<string>((resolve) => {
    close = resolve;
  });
  const line = new FrameSocket(socket, {
    frame: (frame) => {
      frames.push(Buffer.from(frame));
      for (const wake of waiting) wake();
    },
    closed: (why) => close(why),
  });
  const frame = (count: number): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (frames.length < count) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  return { socket, line, frames, closed, frame };
}

it("frames of any length come as they were sent, in their order", async () => {
  const sent = [0, 1, 3, 4, 5, 1_000, 70_000, 3_000_000, 2].map((length) => randomBytes(length));
  for (const frame of sent) expect(near.line.send(frame)).toBe(true);
  await far.frame(sent.length);
  expect(far.frames.map((frame) => frame.toString("base64"))).toEqual(sent.map((frame) => frame.toString("base64")));
});

it("a frame is whole whatever the pieces in which it arrives", async () => {
  const frame = randomBytes(40);
  const head = Buffer.alloc(4);
  head.writeUInt32LE(frame.length, 0);
  const bytes = Buffer.concat([head, frame, head, frame]);
  for (const byte of bytes) {
    near.socket.write(Buffer.from([byte]));
    // Each byte by itself: written before the next one is.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  await far.frame(2);
  expect(far.frames).toEqual([frame, frame]);
});

it("what is sent in one turn goes out in one write", async () => {
  const pieces: number[] = [];
  far.socket.on("data", (chunk: Buffer) => pieces.push(chunk.length));
  for (let frame = 0; frame < 10; frame++) near.line.send(randomBytes(6));
  await far.frame(10);
  expect(pieces).toEqual([100]);
});

it("so does what is sent by callbacks that follow each other without a break", async () => {
  const pieces: number[] = [];
  far.socket.on("data", (chunk: Buffer) => pieces.push(chunk.length));
  for (let frame = 0; frame < 10; frame++) {
    near.line.send(randomBytes(6));
    await Promise.resolve();
  }
  await far.frame(10);
  expect(pieces).toEqual([100]);
});

it("more small frames than are gathered at once keep their order, also with long ones among them", async () => {
  const sent = Array.from({ length: 3_000 }, (_, at) => randomBytes(at % 100 === 99 ? 9_000 : 60));
  for (const frame of sent) expect(near.line.send(frame)).toBe(true);
  await far.frame(sent.length);
  expect(Buffer.concat(far.frames).equals(Buffer.concat(sent))).toBe(true);
});

it("what is sent is as it was then, though its bytes are used again", async () => {
  const frame = Buffer.from([1, 2, 3]);
  near.line.send(frame);
  frame.fill(9);
  near.line.send(frame);
  await far.frame(2);
  expect(far.frames).toEqual([Buffer.from([1, 2, 3]), Buffer.from([9, 9, 9])]);
});

it("what is sent in the turn in which the connection is destroyed is lost without an error", async () => {
  expect(near.line.send(randomBytes(6))).toBe(true);
  near.line.destroy();
  await far.closed;
  expect(far.frames).toEqual([]);
});

it("a length that no frame has ends the connection before anything of it is kept", async () => {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(0x7fff_ffff, 0);
  near.socket.write(head);
  expect(await far.closed).toContain("expected a frame of at most 67108864 bytes");
  expect(far.frames).toEqual([]);
});

it("a frame that is too long is not taken, and the connection goes on", async () => {
  expect(near.line.send(new Uint8Array(64 * 1_048_576 + 1))).toBe(false);
  near.line.send(randomBytes(3));
  await far.frame(1);
});

it("one that does not read is told from one that does", async () => {
  far.socket.pause();
  const frame = new Uint8Array(8 * 1_048_576);
  let taken = 0;
  while (near.line.send(frame)) taken++;
  expect(taken).toBeGreaterThan(3);
  expect(taken).toBeLessThan(12);
  far.socket.resume();
  await far.frame(taken);
  expect(near.line.send(new Uint8Array(1))).toBe(true);
});

it("both ends hear of the end once, and take nothing after it", async () => {
  near.line.send(randomBytes(9));
  near.line.end();
  await far.frame(1);
  await far.closed;
  await near.closed;
  expect(near.line.send(randomBytes(1))).toBe(false);
  expect(far.line.send(randomBytes(1))).toBe(false);
});
