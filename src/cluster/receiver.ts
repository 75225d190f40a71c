import { Cell } from "../kernel/cell.js";
import { current } from "../kernel/current.js";
import { post } from "../kernel/delivery.js";
import { CallError, type CallErrorCode, whatCame } from "../kernel/errors.js";
import { reasonOfThrown } from "../kernel/exit-reason.js";
import type { Kernel } from "../kernel/kernel.js";
import { acceptExit, acceptLink, acceptUnlink } from "../kernel/remote.js";
import { ByteReader } from "./codec/byte-reader.js";
import { CodecError } from "./codec/codec-error.js";
import { Decoder } from "./codec/decode.js";
import { CODEC_VERSION, OLDEST_CODEC_VERSION } from "./codec/tags.js";
import { Envelope } from "./envelope.js";
import type { ExportedActors } from "./exported-actors.js";
import type { NodeIdentity } from "./node-identity.js";
import type { Peer } from "./peer.js";
import { UndescribedClass } from "./peer-refs.js";

/** What a receiver needs of its own node. */
export interface ReceiverSurroundings {
  readonly kernel: Kernel;
  readonly self: NodeIdentity;
  readonly exported: ExportedActors;
  /** Something for a service that is built on the port. */
  service(peer: Peer, name: string, value: unknown): void;
  /** Frames are missing. */
  missed(): void;
}

const callErrorCodes: ReadonlySet<string> = new Set<CallErrorCode>([
  "timeout",
  "noproc",
  "calling_self",
  "cycle",
  "exit",
  "mailbox_full",
  "bad_argument",
  "schema_failed",
  "cannot_carry",
]);

/** Reads the frames of one other node, in their order, and does what their envelopes say. */
export class Receiver {
  readonly #peer: Peer;
  readonly #surroundings: ReceiverSurroundings;
  readonly #decoder: Decoder;
  /** How the latest frame of this node and for this one began, version and names: the next one that begins so is as well. */
  #head: Uint8Array = new Uint8Array();

  constructor(peer: Peer, surroundings: ReceiverSurroundings) {
    this.#peer = peer;
    this.#surroundings = surroundings;
    this.#decoder = new Decoder(peer.refs);
  }

  /**
   * Takes a frame. One that was there before, or is for an earlier life of this node, is dropped; where one is missing, the relations between the
   * two nodes' actors end.
   *
   * @throws {CodecError} for bytes that are no frame; the envelopes before the bad one were done
   */
  frame(bytes: Uint8Array): void {
    const reader = new ByteReader(bytes);
    if (!reader.skip(this.#head) && !this.#isForUs(reader, bytes)) return;
    const sequence = reader.varint();
    const itHeard = reader.varint();
    if (sequence <= this.#peer.heard) return;
    // One without envelopes only says how many there were before it.
    const isWhole = sequence === this.#peer.heard + 1 && !reader.atEnd;
    this.#peer.hears(sequence, itHeard, isWhole);
    if (!isWhole) this.#surroundings.missed();
    const { cell } = current;
    current.cell = null;
    try {
      while (!reader.atEnd) this.#envelope(reader);
    } catch (thrown) {
      if (!(thrown instanceof UndescribedClass)) throw thrown;
      // The description was in a frame that is missing: the rest of this one is as good as missing.
      this.#peer.sever();
      this.#surroundings.missed();
    } finally {
      current.cell = cell;
    }
  }

  /** Reads the head of a frame; false when it is of another life of that node, or for another one of this. */
  #isForUs(reader: ByteReader, bytes: Uint8Array): boolean {
    const version = reader.byte();
    if (version < OLDEST_CODEC_VERSION || version > CODEC_VERSION) {
      throw new CodecError(
        "unknown_version",
        `Expected a frame of version ${OLDEST_CODEC_VERSION} to ${CODEC_VERSION}, got ${version}: update the older node first`,
      );
    }
    const from = this.#decoder.text(reader);
    const to = this.#decoder.text(reader);
    if (from !== this.#peer.node.incarnation || to !== this.#surroundings.self.incarnation) return false;
    this.#head = Uint8Array.from(bytes.subarray(0, bytes.length - reader.left));
    return true;
  }

  #envelope(reader: ByteReader): void {
    const kind = reader.byte();
    switch (kind) {
      case Envelope.send:
        return this.#send(reader.varint(), this.#decoder.value(reader));
      case Envelope.cast:
        return this.#cast(reader.varint(), reader.varint(), this.#list(reader));
      case Envelope.call:
        return this.#call(reader);
      case Envelope.reply:
        return this.#peer.calls.take(reader.varint())?.reply(this.#decoder.value(reader));
      case Envelope.failure:
        return this.#failure(reader.varint(), this.#decoder.text(reader), this.#decoder.value(reader));
      case Envelope.exit:
        return this.#exit(reader);
      case Envelope.link:
        return this.#link(this.#ref(reader), reader.varint());
      case Envelope.unlink:
        return this.#unlink(this.#ref(reader), reader.varint());
      case Envelope.monitor:
        return this.#monitor(reader.varint());
      case Envelope.unmonitor:
        return this.#peer.unwatch(reader.varint());
      case Envelope.down:
        return this.#peer.standIns.end(reader.varint(), this.#decoder.value(reader));
      case Envelope.severed:
        return this.#peer.severedByOther();
      case Envelope.service:
        return this.#surroundings.service(this.#peer, this.#decoder.text(reader), this.#decoder.value(reader));
      default:
        throw reader.bad("an envelope", `a byte ${kind} that begins none`);
    }
  }

  #send(id: number, message: unknown): void {
    const target = this.#surroundings.exported.get(id);
    if (target === undefined) this.#deadLetter("handleInfo", message);
    else post(target, target.behaviour.info, message);
  }

  #cast(id: number, message: number, args: readonly unknown[]): void {
    const target = this.#surroundings.exported.entry(id);
    if (target === undefined) this.#deadLetter(`message ${message}`, args);
    else target.cast(message, args);
  }

  #call(reader: ByteReader): void {
    const number = reader.varint();
    const id = reader.varint();
    const caller = this.#decoder.value(reader);
    const wait = reader.varint();
    const message = reader.varint();
    const args = this.#list(reader);
    const target = this.#surroundings.exported.entry(id);
    if (target === undefined) return this.#peer.writer.failure(number, "noproc", "noproc");
    // The callee may ask who waits.
    current.cell = caller instanceof Cell ? caller : null;
    const replied = target.call(message, args, wait === 0 ? Number.POSITIVE_INFINITY : wait - 1);
    current.cell = null;
    if (replied === undefined) return this.#peer.writer.failure(number, "noproc", { unknown_message: message });
    void this.#answer(number, replied);
  }

  async #answer(number: number, replied: unknown): Promise<void> {
    let value: unknown;
    try {
      value = await replied;
    } catch (thrown) {
      if (!this.#peer.isReachable) return;
      if (thrown instanceof CallError) this.#peer.writer.failure(number, thrown.code, thrown.reason);
      else this.#peer.writer.failure(number, "exit", reasonOfThrown(thrown));
      return;
    }
    if (!this.#peer.isReachable) return;
    try {
      this.#peer.writer.reply(number, value);
    } catch (thrown) {
      if (!(thrown instanceof CodecError)) throw thrown;
      this.#peer.writer.failure(number, "cannot_carry", { field: thrown.field, text: thrown.message });
    }
  }

  #failure(number: number, code: string, reason: unknown): void {
    const call = this.#peer.calls.take(number);
    if (isCallErrorCode(code)) call?.fail(code, reason);
    else call?.fail("exit", reason);
  }

  #exit(reader: ByteReader): void {
    const sender = this.#decoder.value(reader);
    const target = this.#surroundings.exported.get(reader.varint());
    const throughLink = reader.byte() === 1;
    const reason = this.#decoder.value(reader);
    if (target === undefined) return;
    acceptExit(sender instanceof Cell ? sender : null, target, reason, throughLink);
    if (sender instanceof Cell) this.#peer.standIns.release(sender);
  }

  #monitor(id: number): void {
    if (this.#peer.isInStep) this.#peer.watch(id);
  }

  #link(sender: Cell, id: number): void {
    if (!this.#peer.isInStep) return;
    const target = this.#surroundings.exported.get(id);
    if (target === undefined) return this.#peer.writer.down(id, "noproc");
    if (acceptLink(target, sender)) this.#peer.standIns.hold(sender);
  }

  #unlink(sender: Cell, id: number): void {
    const target = this.#surroundings.exported.get(id);
    if (target !== undefined && !this.#peer.isNewLink(target, sender)) acceptUnlink(target, sender);
    this.#peer.standIns.release(sender);
  }

  #ref(reader: ByteReader): Cell {
    const value = this.#decoder.value(reader);
    if (value instanceof Cell) return value;
    throw reader.bad("a ref", whatCame(value));
  }

  #list(reader: ByteReader): unknown[] {
    const count = reader.count();
    const list: unknown[] = [];
    for (let at = 0; at < count; at++) list.push(this.#decoder.value(reader));
    return list;
  }

  #deadLetter(message: string, payload: unknown): void {
    this.#surroundings.kernel.deadLetters.add(
      `an actor that has ended, from ${this.#peer.node.name}`,
      message,
      "noproc",
      payload,
    );
  }
}

function isCallErrorCode(code: string): code is CallErrorCode {
  return callErrorCodes.has(code);
}
