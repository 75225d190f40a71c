import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { addressGroup } from "./admission/address-group.js";
import { plainAddress } from "./upgrade-request.js";

/** How many connections may wait, and who is not counted by address. */
export interface WaitingRules {
  readonly most: number;
  /** Of one address, or of one IPv6 /64. */
  readonly mostPerAddress: number;
  /** Proxies, from whose addresses many come, and this machine. */
  readonly isExempt: (address: string) => boolean;
}

/**
 * The TCP connections that nobody answers for: those that have not sent a whole request yet, and those between two requests.
 *
 * Nothing else bounds them but their time: who they are is known with the request. One too many is cut before a byte of it is read.
 */
export class WaitingSockets {
  readonly #rules: WaitingRules;
  /** Those that wait, with the group of addresses in which each is counted; none for an exempt one. */
  readonly #waiting = new Map<Socket, string | undefined>();
  readonly #counts = new Map<string, number>();
  readonly #onClose: (this: Socket) => void;
  #refused = 0;

  constructor(rules: WaitingRules) {
    this.#rules = rules;
    const leave = (socket: Socket): void => this.leave(socket);
    // One for all sockets: a closure for each would weigh more than the entry.
    this.#onClose = function onClose(this: Socket): void {
      leave(this);
    };
  }

  /** How many wait, and how many were one too many. */
  get counts(): { readonly waiting: number; readonly refused: number } {
    return { waiting: this.#waiting.size, refused: this.#refused };
  }

  /** Takes a connection that was just accepted; cuts it when it is one too many. */
  accept(socket: Socket): void {
    socket.on("close", this.#onClose);
    this.#add(socket);
  }

  /** A request has come: the connection is answered for from its end until that of the answer. */
  answering(request: IncomingMessage): void {
    const { socket } = request;
    if (hasBody(request)) request.once("end", () => this.leave(socket));
    else this.leave(socket);
  }

  /** A request has been answered: the connection waits for the next one. */
  answered({ socket }: IncomingMessage): void {
    if (!socket.destroyed) this.#add(socket);
  }

  /** The connection is a client's, which is counted elsewhere. */
  upgraded(socket: Socket): void {
    socket.removeListener("close", this.#onClose);
    this.leave(socket);
  }

  /** A connection does not wait any more. */
  leave(socket: Socket): void {
    const group = this.#waiting.get(socket);
    if (!this.#waiting.delete(socket) || group === undefined) return;
    const left = (this.#counts.get(group) ?? 0) - 1;
    if (left > 0) this.#counts.set(group, left);
    else this.#counts.delete(group);
  }

  #add(socket: Socket): void {
    if (this.#waiting.has(socket)) return;
    const { most, mostPerAddress, isExempt } = this.#rules;
    const address = plainAddress(socket.remoteAddress);
    const group = isExempt(address) ? undefined : addressGroup(address);
    const ofGroup = group === undefined ? 0 : (this.#counts.get(group) ?? 0);
    if (this.#waiting.size >= most || ofGroup >= mostPerAddress) {
      this.#refused += 1;
      // Without the long goodbye of a close, which would leave an entry in the system's tables for each of a flood.
      socket.resetAndDestroy();
      return;
    }
    this.#waiting.set(socket, group);
    if (group !== undefined) this.#counts.set(group, ofGroup + 1);
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}
