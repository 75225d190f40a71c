import { ByteReader } from "../../../src/cluster/codec/byte-reader.js";
import { ByteWriter } from "../../../src/cluster/codec/byte-writer.js";
import { CodecError } from "../../../src/cluster/codec/codec-error.js";
import { Decoder } from "../../../src/cluster/codec/decode.js";
import { Encoder } from "../../../src/cluster/codec/encode.js";

/** What stands for a ref where no actors are: the codec only has to know it when it sees it. */
export class PlainRef {
  readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
}

const refs = {
  isRef: (value: object): boolean => value instanceof PlainRef,
  writeRef(value: object, writer: ByteWriter): void {
    if (value instanceof PlainRef) writer.varint(value.id);
  },
  readRef: (reader: ByteReader): object => new PlainRef(reader.varint()),
};

const writer = new ByteWriter();
const encoder = new Encoder(writer, refs);
const decoder = new Decoder(refs);

/** The bytes of a value. */
export function encoded(value: unknown): Uint8Array {
  encoder.value(value);
  return writer.take();
}

/** The value of bytes, all of which must belong to it. */
export function decoded(bytes: Uint8Array): unknown {
  const reader = new ByteReader(bytes);
  const value = decoder.value(reader);
  if (!reader.atEnd) throw new RangeError(`${reader.left} bytes are left behind the value`);
  return value;
}

/** A value after its way to another node. */
export function carried(value: unknown): unknown {
  return decoded(encoded(value));
}

/** The error with which a value is refused. @throws {Error} when it is carried, or something is left of it in the writer */
export function refusal(value: unknown): CodecError {
  writer.byte(77);
  try {
    encoder.value(value);
  } catch (thrown) {
    if (!(thrown instanceof CodecError)) throw thrown;
    const left = writer.take();
    if (left.length !== 1) throw new Error(`${left.length - 1} bytes were left behind`, { cause: thrown });
    return thrown;
  }
  writer.take();
  throw new Error("the value was carried");
}
