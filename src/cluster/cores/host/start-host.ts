import { createRequire } from "node:module";
import type { Actor } from "../../../kernel/actor.js";
import { realClock } from "../../../kernel/clock.js";
import { BadArgumentError } from "../../../kernel/errors.js";
import { type ActorSystem, createSystem, type SystemOptions } from "../../../kernel/system.js";
import { ClusterOfNode, noteCluster } from "../../cluster.js";
import { ClusterNode } from "../../cluster-node.js";
import type { CoresSettings } from "../../cluster-options.js";
import { checkComedy } from "../../comedy.js";
import type { Membership } from "../../engine.js";
import type { Report } from "../../../kernel/report.js";
import { noteBranches, type TreeBranch } from "../../tree-port.js";
import { CoreWire } from "../core-wire.js";
import { CoresError } from "../cores-error.js";
import { Cores } from "./cores.js";
import { CoresHost } from "./cores-host.js";

/**
 * Makes the system of a host, and resolves when each core has been ready once.
 *
 * @throws {CoresError} `comedy_missing`, or `core_failed` when a core did not start in the attempts that it has
 */
export async function startHost<Root extends Actor<never>>(
  options: SystemOptions<Root>,
  settings: CoresSettings,
): Promise<ActorSystem> {
  const { root: _root, rootArgs: _args, ...others } = options;
  const main = mainModule(settings.main);
  await checkComedy();
  let report = (error: Error): void => void error;
  const clock = options.clock ?? realClock;
  const host = await CoresHost.open({ settings, main, clock, onError: (error) => report(error) });
  try {
    const readiness = new Readiness(settings.cores);
    const system = await createSystem({
      ...others,
      root: Cores,
      rootArgs: { host, onReady: (name: string) => readiness.ready(name) },
    });
    report = (error) => system.report(doorReport(error));
    const membership = await joinAsHost(system, host);
    void closeAfter(system, host, membership);
    noteBranches(system, {
      folder: host.folder,
      list: () => branchesOf(system, host),
    });
    const outcome = await Promise.race([readiness.all, system.done.then(() => "ended" as const)]);
    if (outcome === "ended") throw failed(host);
    return system;
  } catch (thrown) {
    await host.close();
    throw thrown;
  }
}

/** The host as a node that is no member: it can speak to actors of the cores, and they can answer. */
async function joinAsHost(system: ActorSystem, host: CoresHost): Promise<Membership> {
  const node = new ClusterNode(system.kernel);
  const wire = await CoreWire.open(host.self, host.folder, host.register.local, node);
  const membership: Membership = {
    self: host.self,
    get members() {
      return host.members;
    },
    register: host.register.local,
    send: (to, frame) => wire.send(to, frame),
    holdsPlace: () => true,
    // Its cores are drained when they stop.
    drain: async () => undefined,
    leave: () => wire.close(),
  };
  host.onMember((member) => node.member(member));
  node.joined(membership);
  noteCluster(system, new ClusterOfNode(node, { engineName: "cores", role: "host" }));
  return membership;
}

async function closeAfter(system: ActorSystem, host: CoresHost, membership: Membership): Promise<void> {
  await system.done;
  await membership.leave();
  await host.close();
}

function branchesOf(system: ActorSystem, host: CoresHost): TreeBranch[] {
  const found: TreeBranch[] = [];
  for (const { actor, node, pid } of host.lives) {
    if (pid !== undefined && system.isAlive(actor)) found.push({ actor, node: node.name, pid });
  }
  return found;
}

function failed(host: CoresHost): CoresError {
  const { cores, restart } = host.settings;
  const last = host.lastEnd ?? "one of them did not start";
  const who = cores === 1 ? "The core did not start" : `Of ${cores} cores not all did start`;
  return new CoresError("core_failed", `${who}, after ${restart.maxAttempts} further attempts: ${last}`);
}

/** The path of the module that the cores load. @throws {BadArgumentError} when there is none */
function mainModule(given: string | undefined): string {
  const path = given ?? process.argv[1];
  if (path === undefined) {
    throw new BadArgumentError(
      "Expected cluster.main to be the path of the program's main module: this process has none",
    );
  }
  return createRequire(import.meta.url).resolve(path);
}

function doorReport(error: Error): Report {
  const text = `The host of the cores could not take a connection: ${error.message}`;
  return { type: "cores_error", level: "error", text, details: { error } };
}

/** Resolves when each of so many cores has been ready once. */
class Readiness {
  readonly all: Promise<"ready">;
  readonly #cores: number;
  readonly #names = new Set<string>();
  #resolve: (outcome: "ready") => void = () => undefined;

  constructor(cores: number) {
    this.#cores = cores;
    this.all = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  ready(name: string): void {
    this.#names.add(name);
    if (this.#names.size === this.#cores) this.#resolve("ready");
  }
}
