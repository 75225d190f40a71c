import { importsOf } from "./imports.js";
import type { SourceFile } from "./source-files.js";

/** A room of the house and all that its files may import. Paths are from the root of the repository. */
interface Room {
  readonly name: string;
  readonly files: RegExp;
  /** Files of this repository, outside the room itself. */
  readonly mayUse: readonly RegExp[];
  /** `true` for all Node modules, else a list. */
  readonly node: true | readonly string[];
  /** npm packages, apart from the engines. */
  readonly packages: readonly string[];
  /** Whether it may load a module that it is told of while it runs. */
  readonly loads?: true;
}

const kernel = /^src\/(kernel\/.+|index)\.ts$/;
const protocol = /^src\/protocol\//;
const cluster = /^src\/cluster\//;
const telemetry = /^src\/telemetry\//;
const publicKernel = /^src\/index\.ts$/;
// A port is what a room offers to the actors.
const ports =
  /^src\/(transport\/(transport-socket|shared-frame|upgrade-request|admission\/token-bucket)|(store|cluster)\/([a-z-]+-)?port)\.ts$/;

/** Who may import whom. What is not named here is forbidden; "Direction" in CONTRIBUTING.md says the same in words. */
const rooms: readonly Room[] = [
  {
    // The kernel's names, and the `createSystem` that loads a cluster when it is asked to.
    name: "public names",
    files: publicKernel,
    mayUse: [kernel, /^src\/cluster\/create-system\.ts$/],
    node: [],
    packages: [],
  },
  { name: "kernel", files: kernel, mayUse: [], node: [], packages: [] },
  { name: "protocol", files: protocol, mayUse: [], node: [], packages: [] },
  { name: "client", files: /^src\/client\//, mayUse: [protocol], node: [], packages: [] },
  { name: "telemetry", files: telemetry, mayUse: [kernel], node: true, packages: [] },
  {
    name: "transport",
    files: /^src\/transport\//,
    mayUse: [kernel, protocol, telemetry],
    node: true,
    packages: ["nanoid"],
  },
  { name: "store", files: /^src\/store\//, mayUse: [kernel, protocol, telemetry], node: true, packages: ["nanoid"] },
  {
    // The host of the cores is a program of its own, with a tree.
    name: "host of the cores",
    files: /^src\/cluster\/cores\/host\//,
    mayUse: [kernel, cluster, /^supervisors\//],
    node: true,
    packages: [],
  },
  {
    // A core loads the application's main module.
    name: "core",
    files: /^src\/cluster\/cores\/core-main\.ts$/,
    mayUse: [kernel, cluster],
    node: true,
    packages: [],
    loads: true,
  },
  {
    name: "cluster",
    files: /^src\/cluster\//,
    mayUse: [kernel, protocol, telemetry, ports],
    node: true,
    packages: ["nanoid"],
  },
  { name: "inspect", files: /^src\/inspect\//, mayUse: [kernel, telemetry, ports], node: true, packages: [] },
  { name: "cli", files: /^src\/cli\//, mayUse: [/^src\/inspect\/protocol\//], node: true, packages: [] },
  {
    // Its network answers HTTP with the very places that a server has, over connections that break; its cluster is that of memory, and its
    // store caches in front of that of memory.
    name: "testing",
    files: /^src\/testing\//,
    mayUse: [
      kernel,
      protocol,
      ports,
      /^src\/transport\/((event-stream|long-poll|http)-place|request-body)\.ts$/,
      /^src\/cluster\/(engine|node-identity|cluster|cluster-node|join|memory\/[a-z-]+|membership\/lease-membership)\.ts$/,
      /^src\/store\/memory-store\.ts$/,
    ],
    node: true,
    packages: [],
  },
  { name: "supervisors", files: /^supervisors\//, mayUse: [publicKernel], node: [], packages: [] },
  {
    // The one actor that listens: it may know how a server is made, but not the engine behind it.
    name: "endpoint",
    files: /^actors\/endpoint\//,
    mayUse: [publicKernel, /^supervisors\//, protocol, ports, /^actors\//, /^src\/transport\/(?!web-socket)/],
    node: ["node:crypto", "node:http"],
    packages: ["nanoid"],
  },
  {
    name: "actors",
    files: /^actors\//,
    mayUse: [publicKernel, /^supervisors\//, protocol, ports],
    node: ["node:crypto"],
    packages: ["nanoid"],
  },
  { name: "examples", files: /^examples\//, mayUse: [], node: true, packages: ["holdfast", "holdfast/*"] },
];

/** A foreign engine may be imported in one file alone, below this folder. */
const engines: readonly { readonly name: string; readonly packages: RegExp; readonly below: string }[] = [
  { name: "ws", packages: /^ws$/, below: "src/transport/" },
  { name: "comedy", packages: /^comedy$/, below: "src/cluster/" },
  { name: "nats", packages: /^@nats-io\//, below: "src/cluster/" },
  { name: "lmdb", packages: /^lmdb$/, below: "src/store/" },
  { name: "amqplib", packages: /^amqplib$/, below: "actors/" },
  { name: "pg", packages: /^pg$/, below: "actors/postgres/" },
];

/** What is wrong with the imports of these files, one sentence each; empty if they keep to the directions of the house. */
export function wrongDirections(files: readonly SourceFile[]): string[] {
  return [...files.flatMap(wrongImports), ...engines.flatMap((engine) => wrongEngine(engine, files))];
}

function wrongImports(file: SourceFile): string[] {
  const room = rooms.find((each) => each.files.test(file.path));
  if (room === undefined) {
    return [`${file.path} is in no room: add its folder to test/house/directions.ts with what it may import`];
  }
  return importsOf(file)
    .filter((use) => !isAllowed(room, use.kind, use.target))
    .map((use) => `${file.path} imports "${use.specifier}": ${room.name} may import ${allowedBy(room)}`);
}

function isAllowed(room: Room, kind: string, target: string): boolean {
  switch (kind) {
    case "file":
      return room.files.test(target) || room.mayUse.some((pattern) => pattern.test(target));
    case "node":
      return room.node === true || room.node.includes(target);
    case "package":
      return isEngine(target) || room.packages.some((name) => target === name || target.startsWith(prefixOf(name)));
    default:
      return room.loads === true;
  }
}

/** The start that `holdfast/*` asks for; of a name without a star, one that nothing has. */
function prefixOf(name: string): string {
  return name.endsWith("/*") ? name.slice(0, -1) : "\0";
}

function isEngine(target: string): boolean {
  return engines.some((engine) => engine.packages.test(target));
}

function wrongEngine(engine: (typeof engines)[number], files: readonly SourceFile[]): string[] {
  const users = files.filter((file) => importsOf(file).some((use) => engine.packages.test(use.target)));
  const outside = users
    .filter((file) => !file.path.startsWith(engine.below))
    .map((file) => `${file.path} imports ${engine.name}: only one file below ${engine.below} may`);
  if (users.length <= 1) return outside;
  return [...outside, `${engine.name} is imported in ${users.map((file) => file.path).join(", ")}: one file alone may`];
}

function allowedBy(room: Room): string {
  const node = room.node === true ? ["any Node module"] : room.node;
  const all = [...room.mayUse.map((pattern) => pattern.source), ...node, ...room.packages];
  return all.length === 0 ? "nothing but its own files" : `its own files, ${all.join(", ")}`;
}
