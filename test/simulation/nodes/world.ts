import { EngineError } from "../../../src/cluster/engine-error.js";
import { StartError } from "../../../src/index.js";
import type { VirtualClock } from "../../../src/testing/index.js";
import { TestCluster } from "../../../src/testing/test-cluster.js";
import { Violation } from "../ledger.js";
import { describeStep } from "../step.js";
import { Circles } from "./circles.js";
import { Crowd } from "./crowd.js";
import { NodeProcess } from "./node-process.js";
import { Owners } from "./owners.js";
import { Ownership } from "./ownership.js";
import type { Part, Surroundings } from "./part.js";
import { Placed } from "./placed.js";
import { Relations } from "./relations.js";
import type { ActorStep, NodesSchedule, NodesStep, NodeStep } from "./step.js";

/** Takes one line of a trace. */
export type Trace = (line: string) => void;

/** How often what must hold at every moment is looked at. */
const LOOK_MS = 100;
/** How long everything may take to be well again when nothing fails any more: several leases. */
const HEAL_MS = 12_000;
const WIRES_MS = 60;
/** How often a node that does not start is started again, and how fast. */
const STARTS = 5;
const START_AGAIN_MS = 1_000;

/** Several nodes that live through one schedule, and all that must hold meanwhile. */
export class NodesSimulation {
  readonly #schedule: NodesSchedule;
  readonly #trace: Trace | undefined;
  readonly #cluster: TestCluster;
  readonly #names: readonly string[];
  readonly #processes = new Map<string, NodeProcess>();
  readonly #owners: Owners;
  readonly #relations: Relations;
  readonly #circles: Circles;
  readonly #placed: Placed;
  /** Only where there are clients. */
  readonly #crowd: Crowd | undefined;
  readonly #parts: readonly Part[];
  readonly #isolated = new Set<string>();
  readonly #draining = new Set<NodeProcess>();
  #lives = 0;
  #violation: Violation | undefined;

  constructor(schedule: NodesSchedule, trace?: Trace) {
    this.#schedule = schedule;
    this.#trace = trace;
    this.#cluster = new TestCluster({ seed: schedule.seed });
    this.#names = Array.from({ length: schedule.world.nodes }, (_, index) => String.fromCodePoint(97 + index));
    const around: Surroundings = {
      cluster: this.#cluster,
      clock: this.clock,
      processes: () => this.#all(),
      failed: (what, text) => this.#failed(what, text),
      note: (text) => this.#note(text),
    };
    const ownership = new Ownership(around);
    this.#owners = new Owners(around, ownership);
    this.#relations = new Relations(around);
    this.#circles = new Circles(around);
    this.#placed = new Placed(around, ownership);
    this.#crowd = schedule.world.clients === 0 ? undefined : new Crowd(around, schedule, this.#names);
    const actors = [this.#owners, this.#relations, this.#circles, this.#placed];
    this.#parts = this.#crowd === undefined ? actors : [...actors, this.#crowd];
  }

  get clock(): VirtualClock {
    return this.#cluster.clock;
  }

  /** Lives through it. @throws {Violation} for the first thing that must not happen */
  async run(): Promise<void> {
    for (const name of this.#names) await this.#start(name);
    this.#crowd?.open();
    for (const [index, step] of this.#schedule.steps.entries()) {
      this.#note(`step ${index + 1}: ${describeStep(step)}`);
      await this.#do(step);
      await this.clock.settle();
      this.#look();
    }
    await this.#heal();
    for (const part of this.#parts) {
      await part.rest?.();
      this.#look();
    }
    for (const part of this.#parts) {
      await part.end();
      this.#look();
    }
    await this.#cluster.stop();
    this.#checkViolation();
  }

  async #do(step: NodesStep): Promise<void> {
    switch (step.do) {
      case "wait":
        return this.#advance(step.ms);
      case "kill":
      case "start":
      case "pause":
      case "wake":
      case "drain_node":
      case "isolate":
      case "mute":
      case "mend":
      case "wires":
        return this.#harm(step);
      case "claim":
      case "work":
      case "end_owner":
      case "link":
      case "unlink":
      case "monitor":
      case "demonitor":
      case "ask":
      case "tell":
      case "end_party":
      case "join":
      case "leave":
      case "end_member":
      case "locate":
      case "end_entity":
        return this.#act(step);
      case "publish":
        return this.#with(step.node, (process) => this.#crowd?.publish(process, step.topic, step.count));
      default:
        return this.#crowd?.do(step);
    }
  }

  async #harm(step: NodeStep): Promise<void> {
    const { network } = this.#cluster;
    switch (step.do) {
      case "kill":
        return this.#kill(this.#name(step.node), step.known);
      case "start":
        return this.#startAgain(this.#name(step.node));
      case "pause":
        return this.#pause(this.#name(step.node));
      case "wake":
        return this.#wake();
      case "drain_node":
        return this.#drain(this.#process(step.node));
      case "isolate":
        this.#isolated.add(this.#name(step.node));
        // Each on a side of its own.
        return network.partition(
          this.#names.filter((name) => !this.#isolated.has(name)),
          ...[...this.#isolated].map((name) => [name]),
        );
      case "mute":
        return network.mute(this.#name(step.node), this.#name(step.other));
      case "mend":
        return this.#mend();
      case "wires": {
        const { delayMs, dropOneOf } = step;
        return network.setFaults({ delayMs: [0, delayMs], dropRate: dropOneOf === 0 ? 0 : 1 / dropOneOf });
      }
    }
  }

  #act(step: ActorStep): void {
    switch (step.do) {
      case "claim":
        return this.#with(step.node, (process) => this.#owners.claim(process, step.name));
      case "work":
        return this.#with(step.node, (process) => this.#owners.work(process, step.name));
      case "end_owner":
        return this.#owners.endOne(step.pick);
      case "join":
      case "leave":
      case "end_member":
        return this.#circles.do(step.do, step.pick, step.group);
      case "locate":
        return this.#with(step.node, (process) => this.#placed.locate(process, step.id));
      case "end_entity":
        return this.#with(step.node, (process) => this.#placed.endEntity(process, step.id));
      default:
        return this.#relations.do(step);
    }
  }

  async #start(name: string): Promise<void> {
    const { network } = this.#cluster;
    const node = await this.#cluster.start(name);
    const process = new NodeProcess(node, `${name}${++this.#lives}`, network.gate(name));
    this.#processes.set(name, process);
    this.#note(`${process.life} has begun`);
    try {
      for (const part of this.#parts) await part.began(process);
    } catch (thrown) {
      if (!(thrown instanceof StartError)) throw thrown;
      // Another node has taken its store in meanwhile, for example: its supervisor tries again.
      this.#note(`${process.life} does not start: ${thrown.message}`);
      await this.#kill(name, true);
    }
    await this.clock.settle();
  }

  /** The next life of a node; one that has lost its place, as its supervisor sees, is ended first. */
  async #startAgain(name: string): Promise<void> {
    const process = this.#processes.get(name);
    if (process?.isAwake === true && process.wasFenced) await this.#kill(name, true);
    // One that cannot reach the register does not start.
    if (this.#processes.has(name) || this.#isolated.has(name)) return;
    try {
      await this.#start(name);
    } catch (thrown) {
      if (!(thrown instanceof EngineError)) throw thrown;
    }
  }

  async #kill(name: string, known: boolean): Promise<void> {
    const process = this.#processes.get(name);
    if (process === undefined) return;
    this.#processes.delete(name);
    process.isKilled = true;
    for (const part of this.#parts) part.killed?.(process);
    await this.#cluster.kill(name, { known });
  }

  #pause(name: string): void {
    const process = this.#processes.get(name);
    if (process?.isAwake !== true) return;
    this.#cluster.network.pause(name);
    for (const part of this.#parts) part.pausing?.(process);
  }

  #wake(): void {
    for (const name of this.#processes.keys()) this.#cluster.network.resume(name);
  }

  #drain(process: NodeProcess | undefined): void {
    if (process?.isAwake !== true) return;
    this.#draining.add(process);
    process.cluster.drain().catch((thrown: unknown) => {
      // The register did not answer, or the node has lost its place.
      if (!(thrown instanceof EngineError)) throw thrown;
    });
  }

  #mend(): void {
    this.#isolated.clear();
    this.#cluster.network.heal();
  }

  /** Nothing fails any more, and who has lost its place comes back in a new life. */
  async #heal(): Promise<void> {
    this.#note("all is well again");
    this.#cluster.network.setFaults({ delayMs: [0, WIRES_MS] });
    this.#mend();
    this.#wake();
    await this.#advance(HEAL_MS);
    for (const name of this.#names) {
      // One that drains takes nothing any more.
      const process = this.#processes.get(name);
      if (process !== undefined && this.#draining.has(process)) await this.#kill(name, true);
      for (let time = 0; time < STARTS && this.#processes.get(name)?.holdsPlace !== true; time++) {
        await this.#startAgain(name);
        await this.#advance(START_AGAIN_MS);
      }
    }
    await this.#advance(HEAL_MS);
  }

  async #advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= LOOK_MS) {
      await this.clock.advance(Math.min(left, LOOK_MS));
      this.#look();
    }
  }

  /** What must hold at any moment. */
  #look(): void {
    for (const part of this.#parts) part.look?.();
    this.#checkViolation();
  }

  #checkViolation(): void {
    if (this.#violation !== undefined) throw this.#violation;
  }

  #failed(what: string, text: string): void {
    this.#violation ??= new Violation(`${what}: ${text}`);
    this.#note(`VIOLATION of "${what}": ${text}`);
  }

  #all(): NodeProcess[] {
    return [...this.#processes.values()];
  }

  #name(index: number): string {
    return this.#names[index % this.#names.length] ?? "a";
  }

  #process(index: number): NodeProcess | undefined {
    return this.#processes.get(this.#name(index));
  }

  #with(index: number, act: (process: NodeProcess) => void): void {
    const process = this.#process(index);
    if (process !== undefined) act(process);
  }

  #note(text: string): void {
    this.#trace?.(`${Math.round(this.clock.now()).toString().padStart(8)} ms  ${text}`);
  }
}
