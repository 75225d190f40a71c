import { describe, expect, it } from "vitest";
import { wrongDirections } from "./directions.js";
import { filesBelow, publishedFiles } from "./source-files.js";

describe("the directions of the house", () => {
  it("are kept by every file of src, actors, supervisors and examples", () => {
    expect(wrongDirections([...publishedFiles(), ...filesBelow("examples", [".ts"])])).toEqual([]);
  });
});

describe("the check of the directions", () => {
  const wrong = (path: string, text: string): number => wrongDirections([{ path, text }]).length;

  it.each([
    ["src/kernel/a.ts", `import { b } from "./b.js";`],
    ["src/index.ts", `export { Actor } from "./kernel/actor.js";`],
    ["src/client/a.ts", `import type { Frame } from "../protocol/frame.js";`],
    ["src/cli/a.ts", `import { readTree } from "../inspect/protocol/read-tree.js"; import "node:net";`],
    ["src/transport/a.ts", `import { WebSocketServer } from "ws";`],
    ["src/cluster/a.ts", `export const load = () => import("comedy");`],
    ["src/index.ts", `export { createSystem } from "./cluster/create-system.js";`],
    ["src/cluster/cores/host/a.ts", `import { Supervisor } from "../../../../supervisors/index.js";`],
    ["src/cluster/cores/core-main.ts", `export const load = (path: string) => import(urlOf(path));`],
    ["supervisors/strategy/a.ts", `import { Actor } from "../../src/index.js";`],
    ["actors/session/a.ts", `import type { Socket } from "../../src/transport/transport-socket.js";`],
    ["actors/endpoint/a.ts", `import { createHttpServer } from "../../src/transport/http-server.js";`],
    ["examples/lobby/a.ts", `import { Channel } from "holdfast/actors"; import "holdfast";`],
    ["src/kernel/a.ts", `/** import x from "ws"; */ export const text = 'import y from "node:fs"';`],
  ])("passes %s with %s", (path, text) => {
    expect(wrong(path, text)).toBe(0);
  });

  it.each([
    ["src/kernel/a.ts", `import { b } from "../protocol/b.js";`],
    ["src/kernel/a.ts", `import type { Frame } from "../protocol/frame.js";`],
    ["src/kernel/a.ts", `import { setTimeout } from "node:timers/promises";`],
    ["src/kernel/a.ts", `export { Supervisor } from "../../supervisors/index.js";`],
    ["src/protocol/a.ts", `import { b } from "../kernel/b.js";`],
    ["src/client/a.ts", `import { randomBytes } from "node:crypto";`],
    ["src/client/a.ts", `import { Actor } from "../index.js";`],
    ["src/cli/a.ts", `import { snapshot } from "../inspect/snapshot.js";`],
    ["src/transport/a.ts", `import { Session } from "../../actors/index.js";`],
    ["src/transport/a.ts", `export const load = (name: string) => import(name);`],
    ["src/inspect/a.ts", `const { WebSocketServer } = await import("ws");`],
    ["src/index.ts", `export { clusterOf } from "./cluster/cluster.js";`],
    ["src/cluster/a.ts", `import { Supervisor } from "../../supervisors/index.js";`],
    ["src/cluster/cores/host/a.ts", `import { Endpoint } from "../../../../actors/index.js";`],
    ["supervisors/a.ts", `import { Cell } from "../src/kernel/cell.js";`],
    ["supervisors/a.ts", `import { LeaseManager } from "../actors/index.js";`],
    ["actors/a.ts", `import { WebSocketAcceptor } from "../src/transport/web-socket.js";`],
    ["actors/a.ts", `import { createHttpServer } from "../src/transport/http-server.js";`],
    ["actors/endpoint/a.ts", `import { WebSocketAcceptor } from "../../src/transport/web-socket.js";`],
    ["actors/a.ts", `import leftPad from "left-pad";`],
    ["examples/lobby/a.ts", `import { Actor } from "../../src/index.js";`],
    ["plugins/a.ts", `export const a = 1;`],
  ])("refuses %s with %s", (path, text) => {
    expect(wrong(path, text)).toBe(1);
  });

  it("refuses a second file that imports ws", () => {
    const first = { path: "src/transport/a.ts", text: `import { WebSocketServer } from "ws";` };
    const second = { path: "src/transport/b.ts", text: `import type { WebSocket } from "ws";` };
    expect(wrongDirections([first, second])).toEqual([
      "ws is imported in src/transport/a.ts, src/transport/b.ts: one file alone may",
    ]);
  });
});
