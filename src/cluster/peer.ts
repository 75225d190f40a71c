import type { Cell } from "../kernel/cell.js";
import type { Kernel } from "../kernel/kernel.js";
import { ARITY_MANY, ARITY_ZERO, type Operation } from "../kernel/operation.js";
import type { PendingCall } from "../kernel/pending-call.js";
import { awaitReply } from "../kernel/remote.js";
import { CodecError } from "./codec/codec-error.js";
import type { NodeState } from "./engine.js";
import { Envelope } from "./envelope.js";
import { EnvelopeWriter } from "./envelope-writer.js";
import type { ExportedActors } from "./exported-actors.js";
import type { NodeIdentity } from "./node-identity.js";
import type { PeerRefs } from "./peer-refs.js";
import type { RemoteAddress } from "./remote-address.js";
import type { RemoteClass } from "./remote-class.js";
import { RemoteCalls } from "./remote-calls.js";
import { StandIns } from "./stand-ins.js";

/** What a peer needs of its own node. */
export interface PeerSurroundings {
  readonly kernel: Kernel;
  readonly self: NodeIdentity;
  readonly exported: ExportedActors;
  /** Hands a frame to the engine; false when it was not taken. */
  transmit(to: NodeIdentity, frame: Uint8Array): boolean;
}

/**
 * One other node, in one of its lives: what is said to it, and what of it is known here.
 *
 * A frame that is not taken, or is missing at the other end, ends every relation between the two nodes' actors with `noconnection`, as a lost
 * connection does in Erlang: whoever relies on an answer or a DOWN hears of it, and nobody takes a stream with a hole for a whole one.
 *
 * Each side must end the same relations, though both go on speaking meanwhile. So whoever ends them says so in its stream (`severed`), and
 * every frame says what its sender had heard by then: relations that the other side made before it had heard of their end are not taken up.
 * When both sides have ended them at once, without having heard of each other, that is one end, and what either relates from then on is meant.
 */
export class Peer {
  readonly node: NodeIdentity;
  readonly standIns: StandIns;
  readonly calls = new RemoteCalls();
  readonly refs: PeerRefs;
  readonly writer: EnvelopeWriter;
  readonly #surroundings: PeerSurroundings;
  /** What ends the watches that the other node has asked for here, by the number of the actor. */
  readonly #watches = new Map<number, () => void>();
  #state: NodeState = "up";
  /** The number of the last frame that came from it. */
  heard = 0;
  /** The number of the last frame of this node that it had heard, by its last frame. */
  #itHeard = 0;
  /** The other node has to be told that its relations with this one are over. */
  #owesSevered = false;
  /** The number of the frame that tells it of the last end of all relations, or that is lost: until it has heard that, what it relates is void. */
  #severedBy = 0;
  /** It has told of such an end as well, without having heard of that here. */
  #crossed = false;
  /** The links made from here that it had not heard of by its last frame, oldest first. */
  #newLinks: NewLink[] = [];

  constructor(node: NodeIdentity, refs: PeerRefs, surroundings: PeerSurroundings) {
    this.node = node;
    this.refs = refs;
    this.#surroundings = surroundings;
    this.standIns = new StandIns(surroundings.kernel);
    const heard = (): number => this.heard;
    this.writer = new EnvelopeWriter(surroundings.self, node, refs, {
      get heard() {
        return heard();
      },
      frame: (frame) => this.#transmit(frame),
    });
  }

  get state(): NodeState {
    return this.#state;
  }

  /** Whether anything can be sent to it now. */
  get isReachable(): boolean {
    return this.#state === "up" || this.#state === "draining";
  }

  /** The engine says how it stands with the node. */
  changeState(state: NodeState): void {
    if (this.#state === "down" || this.#state === state) return;
    this.#state = state;
    if (state === "down") this.#end();
    else if (state === "suspected") this.sever();
    else if (this.#owesSevered) {
      this.#owesSevered = false;
      this.#tellSevered();
    }
  }

  /** Whether the relations that its last frame makes are meant: it knew of the last end of all relations. */
  get isInStep(): boolean {
    return this.#crossed || this.#itHeard >= this.#severedBy;
  }

  /** A frame has come, whose sender had heard this node's frames up to one; frames before it are missing when it is not `whole`. */
  hears(sequence: number, itHeard: number, isWhole: boolean): void {
    // What was said before the frame came must not claim that it was heard.
    this.writer.flush();
    this.#itHeard = itHeard;
    if (this.#newLinks.length > 0) this.#newLinks = this.#newLinks.filter(({ frame }) => frame > itHeard);
    if (!isWhole) {
      this.heard = sequence - 1;
      this.sever();
    }
    this.heard = sequence;
  }

  /** Tells it of a link that was made here. */
  link(cell: Cell, standIn: Cell, id: number): void {
    this.#newLinks.push({ cell, standIn, frame: this.writer.sequence + 1 });
    this.writer.relation(Envelope.link, cell, id);
  }

  /** Whether a link was made here that it had not heard of when it wrote its last frame: an `unlink` in that means an earlier one. */
  isNewLink(cell: Cell, standIn: Cell): boolean {
    return this.#newLinks.some((link) => link.cell === cell && link.standIn === standIn);
  }

  /** The ref here of one of its actors. */
  standIn(id: number, remoteClass: RemoteClass): Cell {
    const known = this.standIns.get(id);
    if (known !== undefined) return known;
    const made = this.standIns.make({ node: this.node, id, remoteClass, peer: this });
    if (this.#state === "down") this.standIns.end(id, "noconnection");
    return made;
  }

  /** The other node has ended all relations, and says so by the frame that came last. */
  severedByOther(): void {
    if (this.#itHeard >= this.#severedBy) this.sever(false);
    // They were ended here at the same time: those that there are now were made since.
    else if (!this.#crossed) this.#crossed = true;
    // Once more, and some were taken up in between.
    else this.sever();
  }

  /** Ends all relations with its actors; `tell` is false when the other side has done so already, or will see for itself. */
  sever(tell = true): void {
    this.writer.flush();
    this.#newLinks = [];
    this.refs.reset();
    this.#dropWatches();
    this.calls.clear();
    this.standIns.sever("noconnection");
    if (!tell) return;
    if (this.isReachable) this.#tellSevered();
    else {
      this.#owesSevered = true;
      this.#severedBy = Number.POSITIVE_INFINITY;
      this.#crossed = false;
    }
  }

  /** The other node wants to hear of the end of an actor here. */
  watch(id: number): void {
    if (this.#watches.has(id)) return;
    const { exported, kernel } = this.#surroundings;
    const cell = exported.get(id);
    if (cell === undefined) return this.writer.down(id, "noproc");
    const takeOff = kernel.system.onExit(cell, (reason) => {
      this.#watches.delete(id);
      if (this.isReachable) this.writer.down(id, reason);
    });
    this.#watches.set(id, takeOff);
  }

  unwatch(id: number): void {
    this.#watches.get(id)?.();
    this.#watches.delete(id);
  }

  /** Passes a message on to one of its actors. */
  deliver(standIn: Cell, { id, remoteClass }: RemoteAddress, operation: Operation, payload: unknown): void {
    if (!this.isReachable) return this.#deadLetter(standIn, operation, payload);
    try {
      if (operation === standIn.behaviour.info) this.writer.send(id, payload);
      else this.writer.cast(id, numberOf(remoteClass, operation), argumentsOf(operation, payload));
    } catch (thrown) {
      if (!(thrown instanceof CodecError)) throw thrown;
      this.#reportUncarried(standIn, operation, thrown);
      this.#deadLetter(standIn, operation, payload);
    }
  }

  /** Passes a call on, which waits until its reply comes or the stand-in ends. */
  call(standIn: Cell, at: RemoteAddress, operation: Operation, payload: unknown, call: PendingCall): void {
    if (!this.isReachable) return call.fail("noproc", "noconnection");
    const number = this.calls.add(call);
    const { caller, timeoutMs } = call;
    try {
      const message = numberOf(at.remoteClass, operation);
      this.writer.call({ number, target: at.id, caller, timeoutMs }, message, argumentsOf(operation, payload));
    } catch (thrown) {
      this.calls.take(number);
      if (!(thrown instanceof CodecError)) throw thrown;
      return call.fail("cannot_carry", { field: thrown.field, text: thrown.message });
    }
    awaitReply(standIn, call);
  }

  #deadLetter(standIn: Cell, operation: Operation, payload: unknown): void {
    this.#surroundings.kernel.deadLetters.add(standIn, operation.name, "noproc", payload);
  }

  #reportUncarried(standIn: Cell, { name }: Operation, error: CodecError): void {
    this.#surroundings.kernel.report({
      type: "cannot_carry",
      level: "error",
      text: `${name} for ${standIn.describe()} was not sent: ${error.message}`,
      details: { target: standIn.toString(), message: name, field: error.field },
    });
  }

  #tellSevered(): void {
    this.writer.flush();
    this.#severedBy = this.writer.sequence + 1;
    this.#crossed = false;
    this.writer.severed();
    // With what was heard up to now, and not with the frame that is read.
    this.writer.flush();
  }

  #transmit(frame: Uint8Array): void {
    if (this.#surroundings.transmit(this.node, frame)) return;
    // The frame's number is used up: the other side will see the hole with the next one, and this side knows of it now.
    this.refs.reset();
    this.#severedBy = Math.max(this.#severedBy, this.writer.sequence);
    this.#crossed = false;
    queueMicrotask(() => this.sever(false));
  }

  #end(): void {
    this.#dropWatches();
    this.calls.clear();
    this.standIns.endAll("noconnection");
  }

  #dropWatches(): void {
    for (const takeOff of this.#watches.values()) takeOff();
    this.#watches.clear();
  }
}

interface NewLink {
  readonly cell: Cell;
  readonly standIn: Cell;
  /** The number of the frame that tells of it. */
  readonly frame: number;
}

function numberOf({ numbers }: RemoteClass, { name }: Operation): number {
  const number = numbers.get(name);
  if (number === undefined) throw new TypeError(`${name} is no message of the class that its view was made from`);
  return number;
}

function argumentsOf({ arity }: Operation, payload: unknown): readonly unknown[] {
  if (arity === ARITY_ZERO) return [];
  return arity === ARITY_MANY && Array.isArray(payload) ? payload : [payload];
}
