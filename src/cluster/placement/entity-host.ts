import { Actor, type ActorClass } from "../../kernel/actor.js";
import type { AnyRef } from "../../kernel/actor-ref.js";
import type { Deferred } from "../../kernel/deferred.js";
import { CallError } from "../../kernel/errors.js";
import { formatReason } from "../../kernel/exit-reason.js";
import type { Exit } from "../../kernel/signal.js";
import type { StartResult } from "../../kernel/system.js";
import type { TimerRef } from "../../kernel/timers.js";
import { cellOf } from "../../kernel/cell.js";
import type { ClusterNode } from "../cluster-node.js";
import type { GlobalNames } from "../names/global-names.js";
import { addressOf } from "../remote-address.js";
import { KeepAlive } from "./keep-alive.js";
import { reportLost } from "./hand-over.js";
import type { HostDirectory } from "./host-directory.js";
import type { ExpectAnswer, HostLimits, OpenAnswer, TakeAnswer } from "./host-message.js";
import { Moves } from "./moves.js";
import { PlacedLife } from "./placed-life.js";
import { WaitingOpens } from "./waiting-opens.js";
import { isReachable, whereabouts } from "./whereabouts.js";

/** What one kind of placed actor is. */
export interface PlacedKindSpec {
  /** The same on every node, and unlike that of every other kind. */
  readonly key: string;
  /** What people see beside the id. */
  readonly title: string;
  readonly placedClass: ActorClass<Actor<unknown>>;
  readonly nameOf: (id: string) => string;
  readonly argsOf: (life: PlacedLife, token: number) => unknown;
  /** The one actor of this kind, which always runs and stays where it is until its node drains; else they are started when they are wanted. */
  readonly always: string | undefined;
}

/** What a host is started with. */
export interface HostArgs {
  readonly kind: PlacedKindSpec;
  readonly node: ClusterNode;
  readonly names: GlobalNames;
  readonly directory: HostDirectory;
  readonly limits: HostLimits;
  /** What runs here, by id. The host alone changes it. */
  readonly lives: Map<string, PlacedLife>;
  /** The host is not to be given anything any more. */
  readonly leave: () => void;
}

/** Sent to itself, when something is done that was not waited for. */
class OwnTurn {
  readonly run: () => void;

  constructor(run: () => void) {
    this.run = run;
  }
}

interface Expected {
  readonly from: string;
  readonly timer: TimerRef;
}

const STOP_MS = 4_000;

/**
 * Runs the actors of one kind that belong to this node, and gives them to other nodes when they belong there.
 *
 * It is the parent of them all. When it crashes they end with it, and the next locate starts them again.
 */
export class EntityHost extends Actor<HostArgs> {
  #args: HostArgs | undefined;
  readonly #byRef = new Map<AnyRef, PlacedLife>();
  #waiting = new WaitingOpens(0);
  readonly #givers = new Map<string, Deferred<TakeAnswer>>();
  readonly #expected = new Map<string, Expected>();
  readonly #drainers: Deferred<number>[] = [];
  #keepAlive: KeepAlive | undefined;
  #movesOfStarted: Moves | undefined;
  #isDraining = false;

  override init(args: HostArgs): void {
    this.#args = args;
    this.#waiting = new WaitingOpens(args.limits.maxWaiting);
    this.setLabel(args.kind.title);
    this.trapExit();
    this.#movesOfStarted = this.#movesFor(args);
    if (args.kind.always !== undefined) this.#keepAlive = this.#keep(args.kind.always);
  }

  /** Gives the ref of an actor that belongs here, and starts it when it does not run anywhere. */
  open(id: string): Deferred<OpenAnswer> {
    const deferred = this.defer<OpenAnswer>();
    const answer = this.#open(id);
    if (answer !== "wait") deferred.reply(answer);
    else if (this.#waiting.isFull) deferred.reply({ ok: false, reason: "busy" });
    else this.#waiting.add(id, deferred);
    return deferred;
  }

  /** Asks whether this node takes an actor of another; when it does, locates of it wait here until it is taken. */
  expect(id: string, from: string): ExpectAnswer {
    const { directory, kind, lives, limits, node } = this.#setup;
    if (this.#isDraining) return "draining";
    if (lives.has(id)) return "has_it";
    if (directory.ownerOf(kind.nameOf(id))?.name !== node.self.name) return "not_owner";
    this.#dropExpected(id);
    if (this.#isFull) return "full";
    // As long as every step of a move may take.
    const timer = this.sendAfter(limits.moveTimeoutMs * 2, new OwnTurn(() => this.forgo(id)));
    this.#expected.set(id, { from, timer });
    return "yes";
  }

  /** An actor that was expected does not come. */
  forgo(id: string): void {
    if (!this.#dropExpected(id) || this.#setup.lives.has(id)) return;
    // Whoever waits asks again, and then it is started.
    this.#waiting.answer(id, { ok: false, reason: "moving" });
    this.#keepAlive?.look();
  }

  /** Takes an actor of another node, with what that has handed over. */
  take(id: string, handedOver: unknown): Deferred<TakeAnswer> {
    const deferred = this.defer<TakeAnswer>();
    this.#dropExpected(id);
    if (this.#setup.lives.has(id)) deferred.reply({ ok: false, reason: "held", node: this.#setup.node.self.name });
    else if (this.#isDraining || this.#isFull) {
      deferred.reply({ ok: false, reason: this.#isDraining ? "draining" : "full" });
      this.#waiting.answer(id, { ok: false, reason: "moving" });
    } else {
      this.#givers.set(id, deferred);
      this.#begin(id, handedOver);
    }
    return deferred;
  }

  /** Members or hosts have changed: what belongs elsewhere now is given away. */
  reconsider(): void {
    const { lives, node } = this.#setup;
    const present = new Set(node.members.map((member) => member.node.name));
    for (const [id, { from }] of this.#expected) if (!present.has(from)) this.forgo(id);
    // They ask where it belongs now.
    for (const id of this.#waiting.ids) {
      if (!lives.has(id) && !this.#expected.has(id)) this.#waiting.answer(id, { ok: false, reason: "not_owner" });
    }
    this.#moves.plan();
    this.#keepAlive?.look();
  }

  /** Gives everything away and takes nothing new. Answers how many are left: those that no node takes within `timeoutMs`. */
  drain(timeoutMs: number): Deferred<number> {
    const deferred = this.defer<number>();
    this.#drainers.push(deferred);
    this.sendAfter(timeoutMs, new OwnTurn(() => deferred.reply(this.#setup.lives.size)));
    this.#isDraining = true;
    this.#setup.leave();
    this.reconsider();
    return deferred;
  }

  override handleInfo(message: unknown): void | Promise<void> {
    if (!(message instanceof OwnTurn)) return super.handleInfo(message);
    message.run();
  }

  override handleExit({ ref }: Exit): void {
    const life = this.#byRef.get(ref);
    if (life !== undefined) this.#ended(life);
  }

  override async terminate(): Promise<void> {
    this.#keepAlive?.stop();
    const stops = [...this.#byRef.keys()].map((ref) => this.#stopOne(ref));
    await Promise.all(stops);
  }

  override formatStatus(): unknown {
    const { lives } = this.#setup;
    return {
      kind: "entity-host",
      running: lives.size,
      waiting: this.#waiting.count,
      moving: this.#moves.under,
      queued: this.#moves.planned,
      draining: this.#isDraining,
    };
  }

  get #setup(): HostArgs {
    if (this.#args === undefined) throw new TypeError("The host has not been started");
    return this.#args;
  }

  get #moves(): Moves {
    if (this.#movesOfStarted === undefined) throw new TypeError("The host has not been started");
    return this.#movesOfStarted;
  }

  get #isFull(): boolean {
    return this.#setup.lives.size + this.#expected.size >= this.#setup.limits.maxEntities;
  }

  #open(id: string): OpenAnswer | "wait" {
    const { directory, kind, lives, names, node } = this.#setup;
    const life = lives.get(id);
    if (life?.ref !== undefined && life.phase === "running") {
      if (this.system.isAlive(life.ref)) return { ok: true, ref: life.ref };
      this.#ended(life);
    } else if (life !== undefined) return life.phase === "moving" ? { ok: false, reason: "moving" } : "wait";
    if (this.#expected.has(id)) return "wait";
    if (this.#isDraining) return { ok: false, reason: "draining" };
    const name = kind.nameOf(id);
    const known = whereabouts(names, name);
    if (known === "unreachable") return { ok: false, reason: "unreachable" };
    if (known !== undefined) return { ok: true, ref: known };
    if (directory.ownerOf(name)?.name !== node.self.name) return { ok: false, reason: "not_owner" };
    if (this.#isFull) return { ok: false, reason: "full" };
    if (this.#keepAlive !== undefined) this.#keepAlive.look();
    else if (!this.#waiting.isFull) this.#begin(id, undefined);
    return "wait";
  }

  #begin(id: string, handedOver: unknown): PlacedLife {
    const { kind, lives, names, limits } = this.#setup;
    const name = kind.nameOf(id);
    const life = new PlacedLife({ id, name, handedOver, argsOf: kind.argsOf }, names);
    lives.set(id, life);
    const label = kind.always === undefined ? `${kind.title}/${id}` : id;
    const starting = this.start(kind.placedClass, life, { label, timeoutMs: limits.moveTimeoutMs });
    void this.#await(life, starting);
    return life;
  }

  async #await(
    life: PlacedLife,
    starting: StartResult<Actor<unknown>> | Promise<StartResult<Actor<unknown>>>,
  ): Promise<void> {
    const result = await starting;
    this.#soon(() => this.#begun(life, result));
  }

  #begun(life: PlacedLife, result: StartResult<Actor<unknown>>): void {
    const { id } = life;
    const giver = this.#givers.get(id);
    this.#givers.delete(id);
    if (result.ok) {
      life.phase = "running";
      this.#byRef.set(result.ref, life);
      giver?.reply({ ok: true });
      this.#waiting.answer(id, { ok: true, ref: result.ref });
      if (!this.system.isAlive(result.ref)) return this.#ended(life);
      return this.#moves.consider(life);
    }
    const [answer, taken] = this.#failed(life, result);
    giver?.reply(taken);
    this.#ended(life);
    this.#waiting.answer(id, answer);
  }

  /** What became of a life that did not begin. */
  #failed({ claim, name, handedOver }: PlacedLife, result: StartResult<Actor<unknown>>): [OpenAnswer, TakeAnswer] {
    if (claim?.ok === false && claim.why === "held") {
      const { holder } = claim;
      const node = addressOf(cellOf(holder))?.node.name ?? this.#setup.node.self.name;
      const answer: OpenAnswer = isReachable(holder) ? { ok: true, ref: holder } : { ok: false, reason: "unreachable" };
      return [answer, { ok: false, reason: "held", node }];
    }
    if (claim?.ok !== true) {
      const refused = { ok: false, reason: claim?.why === "not_joined" ? "not_joined" : "unreachable" } as const;
      return [refused, refused];
    }
    const reason = result.ok || result.ignore ? "ignore" : result.reason;
    const text = `${name} did not start: ${formatReason(reason)}`;
    if (this.#setup.kind.always !== undefined || handedOver !== undefined) this.#reportFailed(name, text);
    const failed = { ok: false, reason: "start_failed", text } as const;
    return [failed, failed];
  }

  /** A life is over, or did not begin. */
  #ended(life: PlacedLife): void {
    const { lives } = this.#setup;
    if (life.ref !== undefined) this.#byRef.delete(life.ref);
    // One that moves stays until the move is over: whoever asks for it here is to wait.
    if (life.phase === "moving" || lives.get(life.id) !== life) return;
    lives.delete(life.id);
    this.#keepAlive?.ended(life.claim?.ok === true);
    this.#checkDrained();
  }

  /** What another node did not take runs on here for now, if it does not run there all the same. */
  #comeBack({ id, name }: PlacedLife, state: unknown): void {
    if (this.#setup.lives.has(id) || this.#expected.has(id)) {
      if (state !== undefined) reportLost({ name }, this.system, "it was started anew meanwhile");
      return;
    }
    this.#begin(id, state).mayMove = false;
  }

  #checkDrained(): void {
    if (!this.#isDraining) return;
    const { directory, lives } = this.#setup;
    const isStuck = directory.places.length === 0 && this.#moves.under === 0;
    if (lives.size > 0 && !isStuck) return;
    for (const drainer of this.#drainers.splice(0)) drainer.reply(lives.size);
  }

  #movesFor({ directory, kind, lives, limits, names, node }: HostArgs): Moves {
    const { system } = this;
    return new Moves({
      lives,
      most: limits.maxMoves,
      at: { system, names, self: node.self.name, timeoutMs: limits.moveTimeoutMs },
      ownerOf: (name) => directory.ownerOf(name),
      staysPut: () => kind.always !== undefined && !this.#isDraining,
      soon: (run) => this.#soon(run),
      after: (delayMs, run) => void this.sendAfter(delayMs, new OwnTurn(run)),
      reconsider: () => this.reconsider(),
      ended: (life) => this.#ended(life),
      stranded: (life, state) => this.#comeBack(life, state),
      settled: () => this.#checkDrained(),
    });
  }

  /** Keeps the actor running that always runs, where nobody has it and it belongs here. */
  #keep(id: string): KeepAlive {
    const { directory, kind, lives, names, node } = this.#setup;
    const name = kind.nameOf(id);
    return new KeepAlive(name, {
      clock: this.system.clock,
      names,
      soon: (run) => this.#soon(run),
      after: (delayMs, run) => void this.sendAfter(delayMs, new OwnTurn(run)),
      isDue: () =>
        !this.#isDraining &&
        !lives.has(id) &&
        !this.#expected.has(id) &&
        whereabouts(names, name) === undefined &&
        directory.ownerOf(name)?.name === node.self.name,
      start: () => void this.#begin(id, undefined),
    });
  }

  #dropExpected(id: string): boolean {
    const expected = this.#expected.get(id);
    if (expected === undefined) return false;
    this.cancelTimer(expected.timer);
    return this.#expected.delete(id);
  }

  /** Not at once: this may be told from anywhere, and the host does one thing after the other. */
  #soon(run: () => void): void {
    this.self().send(new OwnTurn(run));
  }

  async #stopOne(ref: AnyRef): Promise<void> {
    try {
      await this.system.stopActor(ref, "shutdown", STOP_MS);
    } catch (thrown) {
      // It has ended, or ends with its parent.
      if (!(thrown instanceof CallError)) throw thrown;
    }
  }

  #reportFailed(name: string, text: string): void {
    this.system.report({ type: "placed_start_failed", level: "error", text, details: { name } });
  }
}
