import type { Member, NodeIdentity, NodePort, NodeService } from "../node-port.js";

const SERVICE = "doors";

/** Which paths a core listens on, by what it listens for. */
type Doors = ReadonlyMap<string, string>;

/**
 * Where the cores of a machine can be reached one by one, behind the ports that they share: each tells the others the paths of its own Unix sockets.
 */
export class CoreDoors implements NodeService {
  readonly #port: NodePort;
  readonly #folder: string;
  readonly #own = new Map<string, string>();
  /** By the name of the core: its latest life. */
  readonly #others = new Map<string, { readonly incarnation: string; readonly doors: Doors }>();

  /** Paths outside of `folder` are not believed. */
  constructor(port: NodePort, folder: string) {
    this.#port = port;
    this.#folder = folder;
    port.addService(SERVICE, this);
  }

  /** This core listens on a path, together with the cores that do so for the same key. */
  open(key: string, path: string): void {
    this.#own.set(key, path);
    for (const { node } of this.#port.members) this.#tell(node);
  }

  /** It does so no more, unless on another path by now. */
  close(key: string, path: string): void {
    if (this.#own.get(key) !== path) return;
    this.#own.delete(key);
    for (const { node } of this.#port.members) this.#tell(node);
  }

  /** The path of another core; `undefined` when it has none that is known. */
  pathOf(core: string, key: string): string | undefined {
    return this.#others.get(core)?.doors.get(key);
  }

  received(from: NodeIdentity, value: unknown): void {
    if (value === "which") return this.#tell(from);
    const doors = this.#doorsOf(value);
    if (doors !== undefined) this.#others.set(from.name, { incarnation: from.incarnation, doors });
  }

  memberChanged({ node, state }: Member): void {
    if (state === "up") this.#tell(node);
    else if (state === "down" && this.#others.get(node.name)?.incarnation === node.incarnation) {
      this.#others.delete(node.name);
    }
  }

  missed(from: NodeIdentity): void {
    this.#port.tell(from, SERVICE, "which");
  }

  fenced(): void {
    this.#others.clear();
  }

  #tell(node: NodeIdentity): void {
    this.#port.tell(node, SERVICE, this.#own);
  }

  #doorsOf(value: unknown): Doors | undefined {
    if (!(value instanceof Map)) return undefined;
    const doors = new Map<string, string>();
    for (const [key, path] of value as ReadonlyMap<unknown, unknown>) {
      if (typeof key !== "string" || typeof path !== "string" || !path.startsWith(`${this.#folder}/`)) return undefined;
      doors.set(key, path);
    }
    return doors;
  }
}
