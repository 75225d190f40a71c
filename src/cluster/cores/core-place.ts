/** What a core is told by its host when its process begins. */
export interface CorePlace {
  /** The core's own name: `core-1`, `core-2`, … */
  readonly name: string;
  /** This life of it: another with each start of its process. */
  readonly incarnation: string;
  /** Its place among the cores, from 0. */
  readonly index: number;
  /** How many cores there are. */
  readonly cores: number;
  /** The folder of the sockets, which only the user that runs the host can enter. */
  readonly folder: string;
  /** The module of the application that the core runs, as a path. */
  readonly main: string;
  /** The arguments of the host's process, which are the core's too. */
  readonly args: readonly string[];
  /** How long the core keeps its place without renewing it. */
  readonly leaseMs: number;
}

const key: unique symbol = Symbol.for("holdfast.core");

/** Notes that this process is a core: `createSystem` in the application's own module asks for it. */
export function becomeCore(place: CorePlace): void {
  Object.defineProperty(globalThis, key, { value: place, configurable: false, enumerable: false, writable: false });
}

/** Which core this process is; `undefined` in a process of its own. */
export function corePlace(): CorePlace | undefined {
  const place: unknown = Reflect.get(globalThis, key);
  return isCorePlace(place) ? place : undefined;
}

/** Whether a value is a place. */
export function isCorePlace(value: unknown): value is CorePlace {
  if (typeof value !== "object" || value === null) return false;
  const texts = ["name", "incarnation", "folder", "main"].map((field): unknown => Reflect.get(value, field));
  const numbers = ["index", "cores", "leaseMs"].map((field): unknown => Reflect.get(value, field));
  return (
    texts.every((text) => typeof text === "string" && text !== "") &&
    numbers.every((number) => typeof number === "number") &&
    Array.isArray(Reflect.get(value, "args"))
  );
}

/** Where a core listens for the others. */
export function coreSocket(folder: string, incarnation: string): string {
  return `${folder}/${incarnation}.sock`;
}

/** Where the host listens for its cores. */
export function hostSocket(folder: string): string {
  return `${folder}/host.sock`;
}
