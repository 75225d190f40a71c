const LINE_FEED = 0x0a;

/**
 * Cuts a stream of bytes into lines of UTF-8 and refuses to hold more than one line's worth.
 *
 * Bytes are kept as they came until the line is complete, so a character split between two chunks is never torn.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #held = 0;

  /** @param maxBytes the most bytes a line may have, its line feed not counted */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Takes the next bytes and hands each completed line to `onLine`, without its line feed. Empty lines are left out.
   *
   * @returns false as soon as a line exceeds the limit; the stream cannot be continued then
   */
  push(chunk: Uint8Array, onLine: (line: string) => void): boolean {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, from);
      if (end === -1) return this.#hold(chunk.subarray(from));
      if (!this.#hold(chunk.subarray(from, end))) return false;
      const line = Buffer.concat(this.#parts, this.#held).toString("utf8");
      this.#parts = [];
      this.#held = 0;
      from = end + 1;
      if (line !== "") onLine(line);
    }
  }

  #hold(bytes: Uint8Array): boolean {
    this.#held += bytes.length;
    if (this.#held > this.#maxBytes) return false;
    if (bytes.length > 0) this.#parts.push(bytes);
    return true;
  }
}
