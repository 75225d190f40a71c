import { open } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { FLAG, HEADER, type Meta, number, Pages, type Tree } from "./lmdb-pages.js";

/** What a look at an LMDB data file found, without LMDB. */
export interface FileFindings {
  /**
   * `sound`: the tree is whole. `empty`: there is nothing in it. `damaged`: opening it could crash the process, or lose more.
   * `unknown`: its layout is not the one that this looks at (another page format or word size).
   */
  readonly verdict: "sound" | "empty" | "damaged" | "unknown";
  /** What is wrong, the first few. */
  readonly problems: readonly string[];
}

/** Takes what is found on good pages. */
export interface RecordVisitor {
  /**
   * Takes one record. The bytes are valid during the call only. One that is not `current` may have been replaced since: its page is in part that
   * of another time, or an older transaction's.
   */
  visit(key: Buffer, value: Buffer, current: boolean): void;
  /** Called after some pages: the next ones are read when it resolves. */
  pause(): Promise<void>;
  /** Called before the pages that no good page leads to: what is found on them may be older than what was visited. */
  beforeLost(): Promise<void>;
}

/** For a walk that only looks. */
const looker: RecordVisitor = {
  visit: () => undefined,
  pause: () => setImmediate(),
  beforeLost: () => Promise.resolve(),
};

const MAX_PROBLEMS = 5;
const PAGES_PER_SLICE = 128;
const NODE_HEADER = 8;
const BIG_DATA = 1;
const SUB_DATABASE = 2;
/** Bytes that stand in a node for a value on pages of its own. */
const OVERFLOW_REF = 24;

/**
 * Checks the tree of an LMDB file: every page and node that LMDB would follow.
 *
 * LMDB trusts its file: a wrong page number or offset makes it read outside, which ends the process by a signal, at each start anew. So it
 * is looked at before LMDB sees it. Contents are not checked here: records have checksums of their own. Reads the file once, in slices.
 */
export async function checkFile(path: string): Promise<FileFindings> {
  const handle = await open(path, "r");
  try {
    const file = await Pages.of(handle);
    const metas = file.metas();
    if (metas.length === 0)
      return { verdict: file.unknown ? "unknown" : "damaged", problems: ["no meta page is whole"] };
    const [newest, older] = metas;
    if (newest === undefined || older === undefined || !file.fitTogether(newest, older)) {
      return { verdict: "damaged", problems: ["a meta page is damaged"] };
    }
    const walk = new Walk(file, newest);
    await walk.run(looker);
    if (walk.isForeign) return { verdict: "unknown", problems: ["it holds databases of its own"] };
    if (walk.problems.length > 0) return { verdict: "damaged", problems: walk.problems };
    return { verdict: newest.main.root === -1 ? "empty" : "sound", problems: [] };
  } finally {
    await handle.close();
  }
}

/**
 * Visits the records of a damaged file that are on good pages, those too that no good page leads to any more.
 *
 * Whether a record itself is good is for the visitor to tell. The same key may come twice; the first is the one to keep.
 */
export async function visitGoodPages(path: string, visitor: RecordVisitor): Promise<void> {
  const handle = await open(path, "r");
  try {
    const file = await Pages.of(handle);
    const [newest] = file.metasByRoots();
    for (const meta of file.metasByRoots()) {
      const walk = new Walk(file, meta, meta.txn === newest?.txn);
      await walk.run(visitor);
      await visitor.beforeLost();
      if (walk.freeIsWhole) await walk.visitLost(visitor);
      await visitor.pause();
      // An older meta's tree may have been overwritten in part; it is all that is left if the newest one leads nowhere.
      if (walk.visited > 0) return;
    }
  } finally {
    await handle.close();
  }
}

type Compare = (a: Buffer, b: Buffer) => number;
type Visit = (key: Buffer, value: Buffer, current: boolean) => void;

interface Step {
  readonly page: number;
  readonly level: number;
  /** The transaction of the page above, which is never older. */
  readonly txn: number;
  /** All keys below are at or above `low` and below `high`, where there is one: by them LMDB finds its way. */
  readonly low?: Buffer | undefined;
  readonly high?: Buffer | undefined;
}

/** One pass over the two trees of a meta page: that of free pages, and that of the records. */
class Walk {
  readonly problems: string[] = [];
  /** Records visited. */
  visited = 0;
  /** Whether the list of free pages can be trusted. */
  freeIsWhole = false;
  readonly #file: Pages;
  readonly #meta: Meta;
  /** Whether it is the newest transaction's. */
  readonly #isNewest: boolean;
  /** One bit for each page that is in use or free. */
  readonly #claimed: Uint8Array;
  #counts = { branches: 0, leaves: 0, overflows: 0, entries: 0 };
  #last: Buffer | undefined;
  #pages = 0;
  #subDatabases = 0;
  /** The highest page that is in use or free. */
  #highest = 0;
  #free = 0;

  constructor(file: Pages, meta: Meta, isNewest = true) {
    this.#file = file;
    this.#isNewest = isNewest;
    this.#meta = meta;
    // Never more bits than pages of the file: the last page's number may be damaged too. Pages above are free at best.
    const pages = Math.min(meta.lastPage + 1, Math.ceil(file.size / meta.pageSize));
    this.#claimed = new Uint8Array((pages >> 3) + 1);
    this.#claim(0, 2);
  }

  /** Whether every record is a database of its own: then it is somebody else's file. */
  get isForeign(): boolean {
    return this.#subDatabases > 0 && this.#subDatabases === this.#meta.main.entries;
  }

  async run(visitor: RecordVisitor): Promise<void> {
    await this.#tree(this.#meta.main, compareBytes, visitor, (key, value, current) => {
      this.visited++;
      visitor.visit(key, value, current);
    });
    if (this.#subDatabases > 0 && !this.isForeign) this.#problem("a record has the form of a database");
    const before = this.problems.length;
    await this.#tree(this.#meta.free, compareNumbers, visitor, (_key, value) => this.#freePages(value));
    const pages = Math.ceil(this.#file.size / this.#meta.pageSize);
    if (this.#meta.lastPage > Math.max(this.#highest, pages - 1)) this.#problem("the number of pages is too high");
    this.freeIsWhole = this.problems.length === before && this.#free === this.#freeExpected;
  }

  /** How many pages are free, by what the meta page counts of all others. */
  get #freeExpected(): number {
    const { lastPage, free, main } = this.#meta;
    const used = [free, main].reduce((sum, tree) => sum + tree.branches + tree.leaves + tree.overflows, 2);
    return lastPage + 1 - used;
  }

  /** Visits leaf pages that are neither free nor reached: what was below a damaged page. */
  async visitLost(visitor: RecordVisitor): Promise<void> {
    const pages = Math.ceil(this.#file.size / this.#meta.pageSize);
    for (let page = 2; page <= Math.min(this.#meta.lastPage, pages - 1); page++) {
      if (page % PAGES_PER_SLICE === 0) await visitor.pause();
      if (this.#isClaimed(page)) continue;
      const bytes = this.#file.read(page * this.#meta.pageSize, this.#meta.pageSize);
      if (bytes === undefined || bytes.readUInt16LE(18) !== FLAG.leaf) continue;
      if (this.#header(bytes, { page, level: 0, txn: this.#meta.txn }) !== undefined) continue;
      this.#last = undefined;
      const nowhere = { page, level: 0, txn: this.#meta.txn };
      this.#leaf(
        bytes,
        nowhere,
        () => 1,
        (key, value, current) => {
          this.visited++;
          visitor.visit(key, value, current);
        },
      );
    }
  }

  async #tree(tree: Tree, compare: Compare, visitor: RecordVisitor, visit: Visit): Promise<void> {
    this.#counts = { branches: 0, leaves: 0, overflows: 0, entries: 0 };
    this.#last = undefined;
    const steps: Step[] = tree.root === -1 ? [] : [{ page: tree.root, level: 1, txn: this.#meta.txn }];
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
      if (++this.#pages % PAGES_PER_SLICE === 0) await visitor.pause();
      const bytes = this.#page(step);
      if (bytes === undefined) continue;
      const isLeaf = bytes.readUInt16LE(18) === FLAG.leaf;
      if (isLeaf !== (step.level === tree.depth)) this.#problem(`page ${step.page} is at a wrong depth`);
      if (isLeaf) this.#leaf(bytes, step, compare, visit);
      else if (step.level < tree.depth) steps.push(...this.#children(bytes, step).reverse());
    }
    for (const name of ["branches", "leaves", "overflows", "entries"] as const) {
      if (this.#counts[name] !== tree[name]) {
        this.#problem(`${tree[name]} ${name} are counted, ${this.#counts[name]} are there`);
      }
    }
  }

  /** A page of a tree, if it is whole and nothing else leads to it. */
  #page(step: Step): Buffer | undefined {
    const { pageSize } = this.#meta;
    const bytes = this.#file.read(step.page * pageSize, pageSize);
    if (bytes === undefined || step.page > this.#meta.lastPage) {
      this.#problem(`page ${step.page} is outside of the file`);
      return undefined;
    }
    const problem = this.#header(bytes, step);
    if (problem !== undefined) {
      this.#problem(`page ${step.page} ${problem}`);
      return undefined;
    }
    if (!this.#claim(step.page, 1)) return undefined;
    if (bytes.readUInt16LE(18) === FLAG.leaf) this.#counts.leaves++;
    else this.#counts.branches++;
    return bytes;
  }

  #header(bytes: Buffer, { page, txn }: Step): string | undefined {
    if (number(bytes, 0) !== page) return "has another page's number";
    if (number(bytes, 8) > txn) return "is newer than what leads to it";
    const flags = bytes.readUInt16LE(18);
    if (flags !== FLAG.leaf && flags !== FLAG.branch) return `has the unknown type ${flags}`;
    const lower = bytes.readUInt16LE(20);
    const upper = bytes.readUInt16LE(22);
    const room = this.#meta.pageSize - HEADER;
    if (lower % 2 !== 0 || lower > upper || upper > room) return "has wrong bounds";
    let used = 0;
    for (let index = 0; index < lower / 2; index++) {
      const at = bytes.readUInt16LE(HEADER + index * 2);
      if (at < upper || at + NODE_HEADER > room) return "has a node outside of it";
      const size = nodeSize(bytes, HEADER + at, flags === FLAG.leaf);
      if (at + size > room) return "has a node that is too long";
      used += size + (size % 2);
    }
    return used === room - upper ? undefined : "has nodes that overlap";
  }

  #children(bytes: Buffer, { level, low, high }: Step): Step[] {
    const txn = number(bytes, 8);
    const count = bytes.readUInt16LE(20) / 2;
    const nodes = Array.from({ length: count }, (_, index) => HEADER + bytes.readUInt16LE(HEADER + index * 2));
    return nodes.map((at, index) => {
      const page = bytes.readUInt32LE(at) + bytes.readUInt16LE(at + 4) * 2 ** 32;
      const next = nodes[index + 1];
      // The first node of a branch has no key of its own: it is that of the page above.
      const own = index === 0 ? low : nodeKey(bytes, at);
      return { page, level: level + 1, txn, low: own, high: next === undefined ? high : nodeKey(bytes, next) };
    });
  }

  #leaf(bytes: Buffer, { low, high }: Step, compare: Compare, visit: Visit): void {
    const found: { readonly key: Buffer; readonly value: Buffer }[] = [];
    let current = this.#isNewest;
    for (let index = 0; index < bytes.readUInt16LE(20) / 2; index++) {
      const at = HEADER + bytes.readUInt16LE(HEADER + index * 2);
      const size = bytes.readUInt32LE(at);
      const flags = bytes.readUInt16LE(at + 4);
      const dataAt = at + NODE_HEADER + bytes.readUInt16LE(at + 6);
      const key = nodeKey(bytes, at);
      const isInline = (flags & BIG_DATA) === 0;
      const value = isInline ? bytes.subarray(dataAt, dataAt + size) : this.#overflow(bytes, dataAt, size);
      this.#counts.entries++;
      if (flags === SUB_DATABASE) this.#subDatabases++;
      else if (flags > BIG_DATA) this.#problem("a record has an unknown form");
      const isInOrder = this.#last === undefined || compare(key, this.#last) > 0;
      const isInPlace = (low === undefined || compare(key, low) >= 0) && (high === undefined || compare(key, high) < 0);
      if (!isInOrder || !isInPlace) {
        this.#problem("keys are out of order");
        current = false;
      }
      this.#last = key;
      if (value !== undefined) found.push({ key, value });
    }
    for (const { key, value } of found) visit(key, value, current);
  }

  /** A value on pages of its own. */
  #overflow(bytes: Buffer, at: number, size: number): Buffer | undefined {
    const { pageSize, lastPage } = this.#meta;
    const page = number(bytes, at);
    const count = number(bytes, at + 16);
    const head = this.#file.read(page * pageSize, HEADER);
    const isWhole =
      head !== undefined &&
      number(head, 0) === page &&
      head.readUInt16LE(18) === FLAG.overflow &&
      head.readUInt32LE(20) === count &&
      count * pageSize >= HEADER + size &&
      page + count - 1 <= lastPage;
    const value = isWhole ? this.#file.read(page * pageSize + HEADER, size) : undefined;
    if (value === undefined) {
      this.#problem(`a value on page ${page} cannot be read`);
      return undefined;
    }
    this.#counts.overflows += count;
    return this.#claim(page, count) ? value : undefined;
  }

  /** A list of free pages: a negative entry is the length of the block that the next entry begins; 0 stands for nothing. */
  #freePages(value: Buffer): void {
    const count = value.length < 8 ? -1 : Number(value.readBigInt64LE(0));
    if (count < 0 || (count + 1) * 8 > value.length) {
      this.#problem("a list of free pages is damaged");
      return;
    }
    let length = 1;
    for (let index = 1; index <= count; index++) {
      const entry = Number(value.readBigInt64LE(index * 8));
      if (entry < 0) length = -entry;
      else if (entry > 0) {
        if (entry + length - 1 > this.#meta.lastPage) this.#problem("a free page is outside of the file");
        else if (this.#claim(entry, length)) this.#free += length;
        length = 1;
      }
    }
  }

  /** Takes pages for one use; false, and a problem, if one of them has another already. */
  #claim(page: number, count: number): boolean {
    this.#highest = Math.max(this.#highest, page + count - 1);
    for (let each = page; each < page + count && each >> 3 < this.#claimed.length; each++) {
      if (this.#isClaimed(each)) {
        this.#problem(`page ${each} is used twice`);
        return false;
      }
      this.#claimed[each >> 3] = (this.#claimed[each >> 3] ?? 0) | (1 << (each & 7));
    }
    return true;
  }

  #isClaimed(page: number): boolean {
    return ((this.#claimed[page >> 3] ?? 0) & (1 << (page & 7))) !== 0;
  }

  #problem(text: string): void {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push(text);
  }
}

function nodeKey(bytes: Buffer, at: number): Buffer {
  const keyAt = at + NODE_HEADER;
  return bytes.subarray(keyAt, keyAt + bytes.readUInt16LE(at + 6));
}

function nodeSize(bytes: Buffer, at: number, isLeaf: boolean): number {
  const keySize = bytes.readUInt16LE(at + 6);
  if (!isLeaf) return NODE_HEADER + keySize;
  const dataSize = (bytes.readUInt16LE(at + 4) & BIG_DATA) === 0 ? bytes.readUInt32LE(at) : OVERFLOW_REF;
  return NODE_HEADER + keySize + dataSize;
}

function compareBytes(a: Buffer, b: Buffer): number {
  return Buffer.compare(a, b);
}

function compareNumbers(a: Buffer, b: Buffer): number {
  return a.length === 8 && b.length === 8 ? number(a, 0) - number(b, 0) : -1;
}
