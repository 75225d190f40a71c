import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readFrames } from "../../src/transport/frame-reader.js";
import { type ClientFrame, clientFrame, RawClient } from "./raw-client.js";
import { type Served, serve } from "./served.js";

const LIMIT = 300;

const anyFrame: fc.Arbitrary<ClientFrame> = fc.record({
  opcode: fc.oneof(fc.constantFrom(0, 1, 2, 8, 9, 10), fc.nat(15)),
  final: fc.boolean(),
  masked: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, fc.boolean()),
  payload: fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.string({ unit: "binary", maxLength: 130 }).map((text) => new TextEncoder().encode(text)),
  ),
});

/** Bytes as they may come: frames of all kinds, some of them bent, and noise. */
const anyBytes: fc.Arbitrary<Buffer> = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: anyFrame.map(clientFrame) },
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
      fc.tuple(anyFrame, fc.nat(), fc.nat(255)).map(([frame, at, byte]) => {
        const bytes = clientFrame(frame);
        bytes[at % bytes.length] = byte;
        return bytes;
      }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => Buffer.concat(parts));

function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...places, bytes.length].map((end, i) => bytes.subarray(places[i - 1] ?? 0, end));
}

describe("the reader of frames", () => {
  it("takes any bytes: it says where it stopped, and hands out nothing above the limit", () => {
    fc.assert(
      fc.property(anyBytes, fc.nat(5), (bytes, most) => {
        let left = most;
        const taker = {
          get reading() {
            return left > 0;
          },
          take(length: number): void {
            left -= 1;
            expect(length).toBeLessThanOrEqual(LIMIT);
          },
          takeText: (text: string) => taker.take(text.length),
          takeBinary: (payload: Buffer) => taker.take(payload.length),
          takePing: (payload: Buffer) => taker.take(payload.length),
        };
        const end = readFrames(taker, Buffer.from(bytes), LIMIT);
        const at = end < 0 ? ~end : end;
        expect(at).toBeLessThanOrEqual(bytes.length);
        if (end < 0) expect(bytes.length - at).toBeGreaterThanOrEqual(2);
      }),
      { numRuns: 1_000 },
    );
  });

  it("reads the same however the bytes are cut, and ends each connection once", async () => {
    const server = await serve({ payloadLimitBytes: LIMIT, closeTimeoutMs: 50 });
    await fc.assert(
      fc.asyncProperty(anyBytes, fc.array(fc.nat(), { maxLength: 6 }), async (bytes, cuts) => {
        expect(await told(server, pieces(bytes, cuts))).toEqual(await told(server, [bytes]));
      }),
      { numRuns: 120 },
    );
    expect(server.errors).toEqual([]);
    await server.close();
  });
});

/** What the owner of a connection is told of these chunks, without what the client's own end adds. */
async function told(server: Served, chunks: readonly Buffer[]): Promise<unknown[]> {
  const client = await RawClient.upgraded(server.port, "/raw");
  const { owner, socket } = await server.accepted();
  for (const chunk of chunks) {
    client.socket.write(chunk);
    if (chunks.length > 1) await new Promise((resolve) => setImmediate(resolve));
  }
  client.socket.end();
  const all: unknown[] = [];
  for (;;) {
    const next = await owner.next();
    all.push(next.kind === "close" ? [next.kind, next.code] : next);
    if (next.kind === "close") break;
  }
  client.destroy();
  expect(socket.open).toBe(false);
  expect(owner.waiting).toEqual([]);
  return all;
}
