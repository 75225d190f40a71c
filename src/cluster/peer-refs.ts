import { Cell } from "../kernel/cell.js";
import { REMOTE } from "../kernel/flags.js";
import type { ByteReader } from "./codec/byte-reader.js";
import type { ByteWriter } from "./codec/byte-writer.js";
import { CodecError } from "./codec/codec-error.js";
import { Decoder, type RefReader } from "./codec/decode.js";
import { Encoder, type RefWriter } from "./codec/encode.js";
import type { ExportedActors } from "./exported-actors.js";
import type { NodeIdentity } from "./node-identity.js";
import { addressOf } from "./remote-address.js";
import type { ClassDescription, RemoteClass, RemoteClasses } from "./remote-class.js";

/** How a ref is written: as an actor of the node that writes, of the one that reads, or of a third. */
const RefKind = { ofWriter: 0, ofReader: 1, ofThird: 2 } as const;

/** How many classes one node may describe. */
const MOST_DESCRIBED = 10_000;

/** A ref of a class whose description has not come: it was in a frame that is missing. */
export class UndescribedClass extends Error {
  override readonly name = "UndescribedClass";

  constructor(number: number) {
    super(`Expected a class that was described, got number ${number}`);
  }
}

/** What the refs of one link refer to. */
export interface RefPlaces {
  readonly self: NodeIdentity;
  readonly peer: NodeIdentity;
  readonly exported: ExportedActors;
  readonly classes: RemoteClasses;
  /** The stand-in for an actor of any other node. */
  standIn(node: NodeIdentity, id: number, remoteClass: RemoteClass): Cell;
  /** The ref of an actor of this node that is not there any more. */
  ended(id: number): Cell;
}

/**
 * Writes and reads the refs in what two nodes send to each other.
 *
 * A ref of the writer's own node crosses as the number of the actor and that of its class; the class is described with the first such ref. The
 * description may be needed again when an envelope was given up or a frame was lost, so it is repeated until {@link PeerRefs.confirm} says that the reader has it.
 */
export class PeerRefs implements RefWriter, RefReader {
  readonly #places: RefPlaces;
  readonly #described = new Set<number>();
  readonly #known = new Map<number, RemoteClass>();
  /** Reads the texts of descriptions. One for all refs: it keeps what came before, which is more to make than a ref is to read. */
  readonly #decoder = new Decoder(this);
  #unconfirmed: number[] = [];

  constructor(places: RefPlaces) {
    this.#places = places;
  }

  /** The envelope with the latest descriptions goes on its way, in a stream that loses nothing from the middle. */
  confirm(): void {
    if (this.#unconfirmed.length === 0) return;
    for (const number of this.#unconfirmed) this.#described.add(number);
    this.#unconfirmed = [];
  }

  /** The envelope was given up, and its descriptions with it. */
  forget(): void {
    this.#unconfirmed = [];
  }

  /** Frames were lost: describes every class anew. */
  reset(): void {
    this.#described.clear();
    this.#unconfirmed = [];
  }

  isRef(value: object): boolean {
    return value instanceof Cell;
  }

  writeRef(value: object, writer: ByteWriter, field: string): void {
    if (!(value instanceof Cell)) throw new CodecError("cannot_carry", `Expected a ref at ${field}`, field);
    if ((value.flags & REMOTE) === 0) this.#writeOwn(value, writer);
    else this.#writeOther(value, writer, field);
  }

  readRef(reader: ByteReader): Cell {
    const decoder = this.#decoder;
    const kind = reader.byte();
    if (kind === RefKind.ofReader) {
      const id = reader.varint();
      return this.#places.exported.get(id) ?? this.#places.ended(id);
    }
    if (kind === RefKind.ofWriter) return this.#readWriters(reader, decoder);
    if (kind !== RefKind.ofThird) throw reader.bad("a kind of ref", `${kind}`);
    const node = { name: decoder.text(reader), incarnation: decoder.text(reader) };
    const id = reader.varint();
    const description = readDescription(reader, decoder);
    return this.#places.standIn(node, id, this.#places.classes.classOf(description));
  }

  #writeOwn(cell: Cell, writer: ByteWriter): void {
    const { number, messages } = this.#places.exported.add(cell);
    const isKnown = this.#described.has(number) || this.#unconfirmed.includes(number);
    writer.byte(RefKind.ofWriter);
    writer.varint(cell.id);
    writer.varint(number);
    writer.byte(isKnown ? 0 : 1);
    if (isKnown) return;
    this.#unconfirmed.push(number);
    writeDescription({ name: cell.behaviour.name, messages }, writer, this);
  }

  #writeOther(cell: Cell, writer: ByteWriter, field: string): void {
    const at = addressOf(cell);
    if (at === undefined) {
      throw new CodecError("cannot_carry", `Cannot carry a ref of another system, at ${field}`, field);
    }
    const { peer } = this.#places;
    if (at.node.incarnation === peer.incarnation && at.node.name === peer.name) {
      writer.byte(RefKind.ofReader);
      writer.varint(at.id);
      return;
    }
    writer.byte(RefKind.ofThird);
    const encoder = new Encoder(writer, this);
    encoder.text(at.node.name);
    encoder.text(at.node.incarnation);
    writer.varint(at.id);
    writeDescription(at.remoteClass.description, writer, this);
  }

  #readWriters(reader: ByteReader, decoder: Decoder): Cell {
    const id = reader.varint();
    const number = reader.varint();
    if (reader.byte() === 1) {
      const description = readDescription(reader, decoder);
      if (this.#known.size >= MOST_DESCRIBED && !this.#known.has(number))
        throw reader.bad(`at most ${MOST_DESCRIBED} classes`, "one more");
      this.#known.set(number, this.#places.classes.classOf(description));
    }
    const known = this.#known.get(number);
    if (known === undefined) throw new UndescribedClass(number);
    return this.#places.standIn(this.#places.peer, id, known);
  }
}

function writeDescription({ name, messages }: ClassDescription, writer: ByteWriter, refs: RefWriter): void {
  const encoder = new Encoder(writer, refs);
  encoder.text(name);
  writer.varint(messages.length);
  for (const message of messages) encoder.text(message);
}

function readDescription(reader: ByteReader, decoder: Decoder): ClassDescription {
  const name = decoder.text(reader);
  const count = reader.count();
  const messages: string[] = [];
  for (let at = 0; at < count; at++) messages.push(decoder.text(reader));
  return { name, messages };
}
