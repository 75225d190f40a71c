import type { RegisterChange } from "../engine.js";
import { RegisterTable } from "../register/register-table.js";
import { LocalRegister } from "../solo.js";
import type { FrameSocket } from "./frame-socket.js";
import { encodeMessage, type RegisterRequest } from "./register-message.js";

/** What one core watches: prefixes, by the numbers of its requests. */
type Watches = Map<number, string>;

/**
 * The shared register of the cores of one machine, kept by their host.
 *
 * It lives as long as the host; when that ends the cores end too, so there is nothing to keep beyond it.
 */
export class RegisterHost {
  readonly table = new RegisterTable();
  /** The register as the host itself uses it. */
  readonly local = new LocalRegister(this.table, (change) => this.changed(change));
  readonly #watches = new Map<FrameSocket, Watches>();

  /** Answers one request of a core. */
  request(socket: FrameSocket, request: RegisterRequest): void {
    const { number } = request;
    switch (request.kind) {
      case "get":
        return this.#answer(socket, number, this.table.get(request.key));
      case "list":
        return this.#answer(socket, number, this.table.list(request.key));
      case "put": {
        const { key, value, expected } = request;
        const written = this.table.put(key, value, expected);
        if (written.ok) this.changed({ key, value, revision: written.revision });
        return this.#answer(socket, number, written);
      }
      case "delete": {
        const { key, expected } = request;
        const written = this.table.delete(key, expected);
        if (written.ok) this.changed({ key, value: undefined, revision: written.revision });
        return this.#answer(socket, number, written);
      }
      case "watch":
        return this.#watch(socket, number, request.key);
      case "unwatch":
        this.#watches.get(socket)?.delete(number);
    }
  }

  /** The connection of a core is over. */
  closed(socket: FrameSocket): void {
    this.#watches.delete(socket);
  }

  /** Tells all that watch of a write. A core that does not keep up is cut off: it must not go on with a part of what happened. */
  changed(change: RegisterChange): void {
    this.local.changed(change);
    for (const [socket, watches] of this.#watches) {
      for (const [number, prefix] of watches) {
        if (!change.key.startsWith(prefix)) continue;
        if (!socket.send(encodeMessage({ kind: "changed", number, ...change }))) socket.destroy();
      }
    }
  }

  #watch(socket: FrameSocket, number: number, prefix: string): void {
    const watches: Watches = this.#watches.get(socket) ?? new Map<number, string>();
    watches.set(number, prefix);
    this.#watches.set(socket, watches);
    for (const { key, value, revision } of this.table.replay(prefix)) {
      socket.send(encodeMessage({ kind: "changed", number, key, value, revision }));
    }
  }

  #answer(socket: FrameSocket, number: number, value: unknown): void {
    socket.send(encodeMessage({ kind: "answer", number, value }));
  }
}
