import type { ProcessGate } from "../../../src/cluster/memory/process-gate.js";
import type { HttpServerOptions } from "../../../src/transport/http-options.js";
import type { SharedFrame } from "../../../src/transport/shared-frame.js";
import type { SocketOwner, TransportKind, TransportSocket } from "../../../src/transport/transport-socket.js";
import type { FaultyNetwork, FaultyServer } from "../../../src/testing/index.js";

/** The server of a process that can be stopped: what comes for it meanwhile waits, as it does in the kernel of the machine. */
export function gatedServer(network: FaultyNetwork, gate: ProcessGate): (options: HttpServerOptions) => FaultyServer {
  return (options) =>
    network.createServer({
      ...options,
      mounts: options.mounts.map((mount) => ({
        ...mount,
        accept: (socket, request) => {
          const gated = new GatedSocket(socket, gate);
          gate.enter(() => mount.accept(gated, request));
        },
      })),
    });
}

/** A socket whose owner is told of nothing while its process is stopped, and then of all. */
class GatedSocket implements TransportSocket, SocketOwner {
  owner: SocketOwner | undefined = undefined;
  readonly #inner: TransportSocket;
  readonly #gate: ProcessGate;

  constructor(inner: TransportSocket, gate: ProcessGate) {
    this.#inner = inner;
    this.#gate = gate;
    inner.owner = this;
  }

  get kind(): TransportKind {
    return this.#inner.kind;
  }

  get heard(): boolean {
    return this.#inner.heard;
  }

  set heard(heard: boolean) {
    this.#inner.heard = heard;
  }

  get open(): boolean {
    return this.#inner.open;
  }

  get bufferedBytes(): number {
    return this.#inner.bufferedBytes;
  }

  get remoteAddress(): string {
    return this.#inner.remoteAddress;
  }

  sendText(text: string): void {
    this.#inner.sendText(text);
  }

  sendBinary(bytes: Uint8Array): void {
    this.#inner.sendBinary(bytes);
  }

  sendShared(frame: SharedFrame, suffix: string): void {
    this.#inner.sendShared(frame, suffix);
  }

  ping(): void {
    this.#inner.ping();
  }

  flush(): void {
    this.#inner.flush();
  }

  close(code: number, reason: string): void {
    this.#inner.close(code, reason);
  }

  terminate(): void {
    this.#inner.terminate();
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  onText(_socket: TransportSocket, text: string): void {
    this.#gate.enter(() => this.owner?.onText(this, text));
  }

  onBinary(_socket: TransportSocket, bytes: Buffer): void {
    this.#gate.enter(() => this.owner?.onBinary(this, bytes));
  }

  onClose(_socket: TransportSocket, code: number, reason: string): void {
    this.#gate.enter(() => {
      const { owner } = this;
      this.owner = undefined;
      owner?.onClose(this, code, reason);
    });
  }

  onDrain(): void {
    this.#gate.enter(() => this.owner?.onDrain(this));
  }
}
