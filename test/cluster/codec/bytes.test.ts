import { expect, it } from "vitest";
import { ByteReader } from "../../../src/cluster/codec/byte-reader.js";
import { ByteWriter } from "../../../src/cluster/codec/byte-writer.js";

function written(...bytes: number[]): ByteWriter {
  const writer = new ByteWriter();
  for (const byte of bytes) writer.byte(byte);
  return writer;
}

it("what is taken to be kept holds on to no more memory than it is long", () => {
  const taken = written(1, 2, 3).take();
  expect([...taken]).toEqual([1, 2, 3]);
  expect(taken.buffer.byteLength).toBe(3);
});

it.each([0, 1, 95, 96, 97, 5_000, 70_000])("%d bytes are taken behind a head, which stays for the next", (length) => {
  const head = written(7, 8);
  const writer = new ByteWriter();
  const bytes = Uint8Array.from({ length }, (_, at) => at % 251);
  for (let time = 0; time < 2; time++) {
    writer.bytes(bytes);
    const taken = writer.takeBehind(head);
    expect(Buffer.compare(taken, Buffer.concat([Buffer.from([7, 8]), bytes]))).toBe(0);
    expect(writer.length).toBe(0);
  }
});

it("what was taken is not touched by what is written next", () => {
  const head = written(7);
  const writer = written(1, 2);
  const first = writer.takeBehind(head);
  writer.bytes(Uint8Array.of(9, 9));
  const second = writer.takeBehind(head);
  expect([...first]).toEqual([7, 1, 2]);
  expect([...second]).toEqual([7, 9, 9]);
});

it("a reader goes on behind bytes that it knows, and stays where it is before others", () => {
  const reader = new ByteReader(Uint8Array.of(1, 2, 3, 4));
  expect(reader.skip(Uint8Array.of(1, 3))).toBe(false);
  expect(reader.skip(Uint8Array.of(1, 2, 3, 4, 5))).toBe(false);
  expect(reader.skip(new Uint8Array())).toBe(false);
  expect(reader.left).toBe(4);
  expect(reader.skip(Uint8Array.of(1, 2))).toBe(true);
  expect(reader.skip(Uint8Array.of(1, 2))).toBe(false);
  expect(reader.byte()).toBe(3);
});
