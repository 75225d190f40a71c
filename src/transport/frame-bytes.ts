/** Opcode of a text message. */
export const OPCODE_TEXT = 0x1;
/** Opcode of a binary message. */
export const OPCODE_BINARY = 0x2;
/** Opcode of a ping. */
export const OPCODE_PING = 0x9;
/** Opcode of a pong. */
export const OPCODE_PONG = 0xa;

/** The longest header of a frame that a server sends. */
export const MAX_HEADER_BYTES = 10;

const FINAL = 0x80;
const LONGEST_7_BIT = 125;
const LONGEST_16_BIT = 0xffff;

/** Bytes of the header that a server's frame with a payload of `payloadBytes` has: 2, 4 or 10. */
export function headerBytes(payloadBytes: number): number {
  if (payloadBytes <= LONGEST_7_BIT) return 2;
  return payloadBytes <= LONGEST_16_BIT ? 4 : MAX_HEADER_BYTES;
}

/** Writes the header of a whole, unmasked frame and returns the offset behind it. */
export function writeHeader(target: Buffer, offset: number, opcode: number, payloadBytes: number): number {
  target[offset] = FINAL | opcode;
  if (payloadBytes <= LONGEST_7_BIT) {
    target[offset + 1] = payloadBytes;
    return offset + 2;
  }
  if (payloadBytes <= LONGEST_16_BIT) {
    target[offset + 1] = 126;
    target[offset + 2] = payloadBytes >>> 8;
    target[offset + 3] = payloadBytes & 0xff;
    return offset + 4;
  }
  target[offset + 1] = 127;
  target.writeUInt32BE(Math.floor(payloadBytes / 0x1_0000_0000), offset + 2);
  target.writeUInt32BE(payloadBytes >>> 0, offset + 6);
  return offset + MAX_HEADER_BYTES;
}

/** Writes `text` as a whole text frame and returns the offset behind it. `target` must have room for three bytes a unit and the header. */
export function writeTextFrame(target: Buffer, offset: number, text: string): number {
  const units = text.length;
  // The header's length follows from the payload's, which is known only when it is written: it is written where it belongs if it is
  // ASCII, as most are, and moved if not.
  const start = offset + headerBytes(units);
  const bytes = writeText(target, start, text);
  const header = headerBytes(bytes);
  if (offset + header !== start) target.copyWithin(offset + header, start, start + bytes);
  return writeHeader(target, offset, OPCODE_TEXT, bytes) + bytes;
}

/** Up to this many units, a loop here is quicker than the call into the runtime. */
const LOOP_UNITS = 24;

/** Writes `text` as UTF-8 and returns the number of bytes. A lone surrogate becomes U+FFFD. */
export function writeText(target: Buffer, offset: number, text: string): number {
  const units = text.length;
  if (units > LOOP_UNITS) return target.write(text, offset);
  let all = 0;
  for (let i = 0; i < units; i += 1) {
    const unit = text.charCodeAt(i);
    all |= unit;
    target[offset + i] = unit;
  }
  return all < 0x80 ? units : target.write(text, offset);
}
