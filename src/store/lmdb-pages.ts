import { readSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";

const PAGE_SIZES = [4_096, 16_384, 8_192, 32_768, 65_536];

// Layout of lmdb.h's data version 2 on a 64-bit little-endian machine: page header, then meta or node offsets.
const MAGIC = 0xbeefc0de;
const VERSION = 2;
/** Bytes of a page before what is on it. */
export const HEADER = 24;
/** The types of pages. */
export const FLAG = { branch: 1, leaf: 2, overflow: 4, meta: 8 } as const;
/** The flag of the tree of free pages; that of the records has none. */
const INTEGER_KEY = 8;
/** What no file and no map of one ever reaches. */
const MAX_BYTES = 2 ** 46;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;

/** A tree of pages, as a meta page counts it. */
export interface Tree {
  readonly depth: number;
  readonly branches: number;
  readonly leaves: number;
  readonly overflows: number;
  readonly entries: number;
  /** -1 if the tree is empty. */
  readonly root: number;
}

/** One of the two pages that lead to everything else. */
export interface Meta {
  readonly pageSize: number;
  readonly free: Tree;
  readonly main: Tree;
  readonly lastPage: number;
  readonly txn: number;
}

/** An LMDB data file, read without LMDB. */
export class Pages {
  readonly #fd: number;
  readonly size: number;
  /** Whether it looks like a whole file of a layout that is not this one. */
  unknown = false;

  private constructor(fd: number, size: number) {
    this.#fd = fd;
    this.size = size;
  }

  static async of(handle: FileHandle): Promise<Pages> {
    return new Pages(handle.fd, (await handle.stat()).size);
  }

  /** Bytes of the file, or `undefined` if it ends before. */
  read(at: number, length: number): Buffer | undefined {
    if (at < 0 || at + length > this.size) return undefined;
    const bytes = Buffer.allocUnsafe(length);
    return readSync(this.#fd, bytes, 0, length, at) === length ? bytes : undefined;
  }

  /** The meta pages that are whole, the newest first. */
  metas(): Meta[] {
    const first = this.#meta(0, 0);
    const sizes = first === undefined ? PAGE_SIZES : [first.pageSize];
    for (const pageSize of sizes) {
      const second = this.#meta(pageSize, 1);
      if (second !== undefined && second.pageSize !== pageSize) continue;
      const found = [first, second].filter((meta) => meta !== undefined);
      if (found.length > 0) return found.sort((a, b) => b.txn - a.txn);
    }
    return [];
  }

  /** The meta pages in the order of what they lead to: their own numbers may be damaged. */
  metasByRoots(): Meta[] {
    return this.metas()
      .map((meta) => ({ ...meta, txn: Math.max(this.#rootTxn(meta, meta.main), this.#rootTxn(meta, meta.free)) }))
      .sort((a, b) => b.txn - a.txn);
  }

  /** Whether the numbers of the two are what transactions make of them: each writes the other page than the last, and a root at least. */
  fitTogether(newest: Meta, older: Meta): boolean {
    if (newest.main.root === -1) return true;
    const roots = Math.max(this.#rootTxn(newest, newest.main), this.#rootTxn(newest, newest.free));
    return newest.txn === older.txn + 1 && newest.txn === roots;
  }

  #rootTxn({ pageSize }: Meta, { root }: Tree): number {
    const head = root === -1 ? undefined : this.read(root * pageSize, HEADER);
    return head !== undefined && number(head, 0) === root ? number(head, 8) : 0;
  }

  #meta(at: number, page: number): Meta | undefined {
    const bytes = this.read(at, HEADER + 144);
    if (bytes === undefined) return undefined;
    if (number(bytes, 0) !== page || bytes.readUInt16LE(18) !== FLAG.meta) return undefined;
    const magic = bytes.readUInt32LE(HEADER);
    const version = bytes.readUInt32LE(HEADER + 4);
    if (magic === MAGIC && version !== VERSION) this.unknown = true;
    if (magic !== MAGIC || version !== VERSION) return undefined;
    const pageSize = bytes.readUInt32LE(HEADER + 24);
    const lastPage = number(bytes, HEADER + 120);
    const txn = number(bytes, HEADER + 128);
    const mapSize = number(bytes, HEADER + 16);
    const isPlain = bytes.readUInt16LE(HEADER + 28) === INTEGER_KEY && bytes.readUInt16LE(HEADER + 76) === 0;
    const isInReach = lastPage >= 1 && lastPage < MAX_BYTES / pageSize && mapSize < MAX_BYTES;
    if (!PAGE_SIZES.includes(pageSize) || !isPlain || !isInReach) return undefined;
    return { pageSize, free: tree(bytes, HEADER + 24), main: tree(bytes, HEADER + 72), lastPage, txn };
  }
}

/** A number of 64 bits. */
export function number(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at));
}

function tree(bytes: Buffer, at: number): Tree {
  const root = bytes.readBigUInt64LE(at + 40);
  return {
    depth: bytes.readUInt16LE(at + 6),
    branches: number(bytes, at + 8),
    leaves: number(bytes, at + 16),
    overflows: number(bytes, at + 24),
    entries: number(bytes, at + 32),
    root: root === NO_PAGE ? -1 : Number(root),
  };
}
