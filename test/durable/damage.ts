import { readFile, writeFile } from "node:fs/promises";
import type { Random } from "../../src/index.js";

const PAGE = 4_096;
const FLIPS = 24;

/** A way to damage a file: bytes of it are changed in place, or it is cut. */
export type Damage = (bytes: Buffer, random: Random) => Buffer;

const below = (random: Random, end: number): number => Math.floor(random.next() * end);

/** What becomes of files, by what it is called. */
export const damages: Readonly<Record<string, Damage>> = {
  "bits that have flipped": (bytes, random) => {
    for (let flip = 0; flip < FLIPS; flip++) {
      const at = below(random, bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << below(random, 8));
    }
    return bytes;
  },
  "pages that have become zeros": (bytes, random) => {
    for (let page = 0; page < 4; page++) {
      const at = PAGE * (2 + below(random, bytes.length / PAGE - 2));
      bytes.fill(0, at, at + PAGE);
    }
    return bytes;
  },
  "pages that are half written": (bytes, random) => {
    for (let page = 0; page < 6; page++) {
      const at = PAGE * (2 + below(random, bytes.length / PAGE - 2));
      const other = PAGE * (2 + below(random, bytes.length / PAGE - 2));
      bytes.copy(bytes, at + PAGE / 2, other + PAGE / 2, other + PAGE);
    }
    return bytes;
  },
  "an end that is missing": (bytes, random) => bytes.subarray(0, bytes.length - 1 - below(random, bytes.length / 2)),
  "a latest transaction that is half written": (bytes) => {
    // The two first pages take turns at naming the latest transaction; the number is in their last word of 8 bytes.
    const txn = (page: number): bigint => bytes.readBigUInt64LE(page * PAGE + 16 + 128);
    bytes.fill(0x5a, (txn(0) > txn(1) ? 0 : PAGE) + 16, (txn(0) > txn(1) ? 0 : PAGE) + 80);
    return bytes;
  },
};

/** Damages a file. */
export async function damageFile(path: string, damage: Damage, random: Random): Promise<void> {
  await writeFile(path, damage(await readFile(path), random));
}
