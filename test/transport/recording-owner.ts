import type { SocketOwner, TransportSocket } from "../../src/transport/transport-socket.js";

/** What an owner has been told. */
export type Told =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "binary"; readonly hex: string }
  | { readonly kind: "close"; readonly code: number; readonly reason: string }
  | { readonly kind: "drain"; readonly left: number };

/** An owner that keeps what it is told, in order, and hands it out one by one. */
export class RecordingOwner implements SocketOwner {
  /** Called with each text before it is recorded. */
  onEachText: (socket: TransportSocket, text: string) => void = () => undefined;
  readonly #told: Told[] = [];
  #wake: () => void = () => undefined;

  onText(socket: TransportSocket, text: string): void {
    this.onEachText(socket, text);
    this.#add({ kind: "text", text });
  }

  onBinary(_socket: TransportSocket, bytes: Buffer): void {
    this.#add({ kind: "binary", hex: bytes.toString("hex") });
  }

  onClose(_socket: TransportSocket, code: number, reason: string): void {
    this.#add({ kind: "close", code, reason });
  }

  onDrain(socket: TransportSocket): void {
    this.#add({ kind: "drain", left: socket.bufferedBytes });
  }

  /** What has been told and not handed out yet. */
  get waiting(): readonly Told[] {
    return this.#told;
  }

  async next(): Promise<Told> {
    for (;;) {
      const told = this.#told.shift();
      if (told !== undefined) return told;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The next text; what is told of draining in between is passed over. */
  async nextText(): Promise<string> {
    let told = await this.next();
    while (told.kind === "drain") told = await this.next();
    return told.kind === "text" ? told.text : `not a text: ${JSON.stringify(told)}`;
  }

  #add(told: Told): void {
    this.#told.push(told);
    this.#wake();
  }
}
