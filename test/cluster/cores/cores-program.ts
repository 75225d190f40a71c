/**
 * A program for the cores of a machine. Each core has an actor that all find by name, one that watches those of the others, and a part of the
 * endpoint that all share. It writes a line of JSON for whatever happens in any of its processes.
 *
 * node cores-program.js <JSON of ProgramOptions>
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Connection, Endpoint } from "../../../actors/index.js";
import { type CoresOptions, clusterOf } from "../../../src/cluster/index.js";
import {
  Actor,
  type ActorClass,
  type ActorRef,
  type ActorSystem,
  createSystem,
  type Down,
  formatReason,
  type Report,
} from "../../../src/index.js";
import { openInspector } from "../../../src/inspect/index.js";
import { child, Supervisor } from "../../../supervisors/index.js";

interface ProgramOptions {
  readonly cluster: CoresOptions;
  readonly port?: number;
  /** What goes wrong in a core: its module throws, its root does not start, it never makes a system, its root ends in order or gives up, or it stops its own system. */
  readonly wrong?: "module" | "root" | "silent" | "ends" | "stops" | "gives-up";
  readonly inspector?: boolean;
  /** Whether a core takes its time to stop. */
  readonly slowStop?: boolean;
}

const { cluster, port = 0, wrong, inspector, slowStop } = JSON.parse(process.argv[2] ?? "{}") as ProgramOptions;
const isCore = process.send !== undefined;

class Counter extends Actor {
  #n = 0;
  override async init(): Promise<void> {
    const { names, self } = clusterOf(this.system);
    await names.register(`counter-${self.name}`, this.self());
  }
  add(k: number): number {
    return (this.#n += k);
  }
  pid(): number {
    return process.pid;
  }
}

/** Monitors the counters of all other cores, in each of their lives. */
class Watcher extends Actor {
  override init(): void {
    const { watch } = clusterOf(this.system);
    const cluster = clusterOf(this.system);
    void watch.call(cluster, ({ node, state }) => {
      if (state === "up") this.self<Watcher>().cast.meet(node.name, node.incarnation);
      else say("member", { node: node.name, incarnation: node.incarnation, state });
    });
  }
  async meet(node: string, incarnation: string): Promise<void> {
    const { names } = clusterOf(this.system);
    for (;;) {
      const next = names.changeOf(`counter-${node}`);
      const holder = await names.lookup<Counter>(`counter-${node}`);
      if (holder === undefined) await next.changed;
      next.cancel();
      if (holder === undefined) continue;
      this.monitor(holder.ref);
      say("meets", { node, incarnation, ref: String(holder.ref) });
      return;
    }
  }
  override handleDown({ ref, reason }: Down): void {
    say("down", { ref: String(ref), reason: formatReason(reason), at: Date.now() });
  }
}

class SlowToStop extends Actor {
  override init(): void {
    this.trapExit();
  }
  override async terminate(): Promise<void> {
    await new Promise((resolve) => {
      setTimeout(resolve, 500);
    });
  }
}

class Raw extends Connection {
  override init(): void {
    this.sendFrame(String(process.pid));
  }
  protected override handleFrame(frame: string | Uint8Array): void {
    this.sendFrame(frame);
  }
}

class Root extends Supervisor {
  override init() {
    if (wrong === "root") return { stop: "the root does not want to" };
    const routes = (request: IncomingMessage, response: ServerResponse): void =>
      void answer(this.system, request, response);
    const args = { port, host: "127.0.0.1", connections: { "/raw": Raw }, routes, drainTimeoutMs: 1_000 };
    return {
      children: [
        child(Counter, { id: "counter" }),
        child(Watcher, { id: "watcher" }),
        child(Endpoint, { id: "endpoint", args }),
        ...(slowStop === true ? [child(SlowToStop, { id: "slow" })] : []),
      ],
    } as const;
  }
}

async function answer(system: ActorSystem, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const name = request.url?.split("/")[2];
  try {
    if (name === undefined) response.end(JSON.stringify({ pid: process.pid, ...language() }));
    else {
      const holder = await clusterOf(system).names.lookup<Counter>(`counter-${name}`);
      response.end(JSON.stringify({ by: process.pid, pid: await holder?.ref.call.pid() }));
    }
  } catch (error) {
    response.statusCode = 500;
    response.end(String(error));
  }
}

/** What a polyfill might have changed. */
function language(): object {
  const timer = setInterval(() => undefined, 60_000);
  const interval = timer.hasRef();
  clearInterval(timer);
  return { at: "abc".at(-1), map: JSON.stringify(new Map([[1, 2]])), interval };
}

class Ends extends Actor {
  override init(): void {
    this.continueWith("end");
  }
  override handleContinue(): void {
    if (wrong === "stops") void this.system.stop();
    // As a supervisor does whose children crash too often.
    else this.stop(wrong === "gives-up" ? "shutdown" : "normal");
  }
}

interface HasPort {
  port(): number;
}

async function run(): Promise<void> {
  const root: ActorClass<Actor<void>> = wrong === "ends" || wrong === "stops" || wrong === "gives-up" ? Ends : Root;
  const system = await createSystem({
    root,
    cluster,
    reporter: ({ level, type, text }: Report) => void (level === "info" || say("report", { type, text })),
  });
  const own = clusterOf(system);
  process.once("SIGTERM", () => {
    say("stopping", { signal: "SIGTERM", role: own.role });
    void system.stop();
  });
  process.once("SIGINT", () => {
    say("stopping", { signal: "SIGINT", role: own.role });
    void system.stop();
  });
  if (inspector === true) await openInspector(system);
  const taken = await system.whereis<HasPort>("endpoint.listener")?.call.port();
  say("ready", { role: own.role, node: own.self.name, incarnation: own.self.incarnation, port: taken });
  if (own.role === "host") {
    const first = await own.names.lookup("counter-core-1");
    const counter: ActorRef<Counter> | undefined = first === undefined ? undefined : (first.ref as ActorRef<Counter>);
    say("asked", { pid: await counter?.call.pid(), members: own.members().map(({ node }) => node.name) });
  }
  say("done", { role: own.role, reason: formatReason(await system.done) });
}

function say(what: string, more: object): void {
  process.stdout.write(`${JSON.stringify({ what, by: process.pid, ...more })}\n`);
}

if (isCore && wrong === "module") throw new TypeError("the module of the application is broken");
if (!isCore || wrong !== "silent") {
  try {
    await run();
  } catch (error) {
    say("failed", {
      text: error instanceof Error ? `${error.name} ${String(Reflect.get(error, "code"))}: ${error.message}` : "",
    });
    process.exitCode = 1;
  }
}
