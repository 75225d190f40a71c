import type { TreeBranch } from "../cluster/tree-port.js";
import type { ActorSystem } from "../kernel/system.js";
import { type BranchDrain, mergedDrain, shareOf } from "./merged-drain.js";
import type { BranchAnswer, Branches } from "./branches.js";
import { type DrainProgress, type DrainView, readDrainView } from "./protocol/drain.js";
import type { DrainOrder, DrainRequest, ReplyError, ReplyErrorCode } from "./protocol/messages.js";
import type { DrainAction } from "./reader-connection.js";
import type { Answer } from "./snapshot-source.js";

/** A drain that was begun here, on all processes at once. */
interface Round {
  readonly number: number;
  readonly perSecond: number;
  /** Where it was begun, by process. */
  readonly parts: Map<number, Part>;
}

interface Part {
  readonly node: string;
  /** The number of the drain there; undefined where it could not be begun. */
  readonly number: number | undefined;
  last: DrainProgress;
}

type Seen = { readonly branch: TreeBranch; readonly view: DrainView };

/** How a refusal begins as its asker has it. */
const REFUSED = /^The server refused \([a-z_]+\): /;
/** What a process may refuse with that is an answer for the asker as well. */
const REFUSALS: readonly ReplyErrorCode[] = ["unknown_method", "no_such_endpoint", "already_draining"];

/**
 * Hands the clients of an endpoint over on all processes that belong to a system, as one drain: each process does its part, at its share of the pace,
 * and what is told of it is the sum.
 */
export class BranchDrains implements DrainAction {
  readonly #system: ActorSystem;
  readonly #branches: Branches;
  readonly #rounds = new Map<string, Round>();
  #number = 0;

  constructor(system: ActorSystem, branches: Branches) {
    this.#system = system;
    this.#branches = branches;
  }

  async answer(request: DrainRequest): Promise<Answer> {
    try {
      const { endpoint } = request.params;
      switch (request.method) {
        case "drain.look":
          return await this.#look(endpoint);
        case "drain.start":
          return await this.#begin(request.params);
        case "drain.cancel": {
          const { params } = request;
          return this.#shown(endpoint, await this.#askAll(() => ({ method: "drain.cancel", params })));
        }
      }
    } catch (error) {
      const message = `${request.method} failed: ${error instanceof Error ? error.message : String(error)}`;
      return { ok: false, error: { code: "internal", message } };
    }
  }

  async #look(endpoint: string): Promise<Answer> {
    return this.#shown(endpoint, await this.#askAll(() => ({ method: "drain.look", params: { endpoint } })));
  }

  async #begin(order: DrainOrder): Promise<Answer> {
    const { endpoint, perSecond } = order;
    const before = await this.#askAll(() => ({ method: "drain.look", params: { endpoint } }));
    if (before.seen.length === 0) return this.#shown(endpoint, before);
    const running = before.seen.filter(({ view }) => view.drain?.state === "running");
    if (running.length > 0) {
      const left = running.reduce((sum, { view }) => sum + (view.drain?.left ?? 0), 0);
      const message = `The clients of endpoint ${JSON.stringify(endpoint)} are being handed over already, ${left} are left.`;
      return { ok: false, error: { code: "already_draining", message } };
    }
    const counts = new Map(before.seen.map(({ branch, view }) => [branch.pid, view.clients]));
    const paces = shareOf(perSecond, counts);
    const begun = await this.#askAll(({ pid }) => {
      const pace = paces.get(pid);
      return pace === undefined ? undefined : { method: "drain.start", params: { ...order, perSecond: pace } };
    });
    const parts = new Map<number, Part>();
    for (const { branch, view } of begun.seen) {
      if (view.drain === undefined) continue;
      parts.set(branch.pid, { node: branch.node, number: view.drain.number, last: view.drain });
    }
    for (const { branch, why } of begun.silent) {
      const total = counts.get(branch.pid);
      // It was there a moment ago: its clients are told of by nobody.
      if (total !== undefined)
        parts.set(branch.pid, { node: branch.node, number: undefined, last: failed(total, why) });
    }
    this.#rounds.set(endpoint, { number: ++this.#number, perSecond, parts });
    return this.#shown(endpoint, begun);
  }

  /** All that was said, as one view; a refusal when nobody has such an endpoint, or allows it. */
  #shown(endpoint: string, { seen, silent }: Heard): Answer {
    if (seen.length === 0) return { ok: false, error: refusalOf(endpoint, silent) };
    const round = this.#rounds.get(endpoint);
    const drain = round === undefined ? undefined : mergedDrain(round, this.#partsOf(round, seen));
    const view: DrainView = {
      system: { name: this.#system.name, pid: process.pid },
      endpoint,
      clients: seen.reduce((sum, { view: { clients } }) => sum + clients, 0),
      closed: seen.some(({ view: { closed } }) => closed),
      ...(drain === undefined ? {} : { drain }),
    };
    return { ok: true, json: JSON.stringify(view) };
  }

  /** How far each process has come that took part. One that has ended since has handed nobody over who was left. */
  #partsOf(round: Round, seen: readonly Seen[]): BranchDrain[] {
    const there = new Set(this.#branches.list().map(({ pid }) => pid));
    return [...round.parts].map(([pid, part]) => {
      const view = seen.find(({ branch }) => branch.pid === pid)?.view;
      if (part.number !== undefined && view?.drain?.number === part.number) part.last = view.drain;
      else if (part.last.state === "running" && !there.has(pid)) {
        part.last = { ...part.last, state: "failed", reason: "its process has ended" };
      }
      return { node: part.node, progress: part.last };
    });
  }

  async #askAll(questionOf: (branch: TreeBranch) => Question | undefined): Promise<Heard> {
    const heard: Heard = { seen: [], silent: [] };
    await Promise.all(
      this.#branches.list().map(async (branch) => {
        const question = questionOf(branch);
        if (question === undefined) return;
        const answer = await this.#branches.ask(branch, question);
        if ("silent" in answer) heard.silent.push({ branch, why: answer.silent, answer });
        else heard.seen.push({ branch, view: readDrainView(answer.result) });
      }),
    );
    return heard;
  }
}

type Question = DrainRequest extends infer Request
  ? Request extends DrainRequest
    ? Pick<Request, "method" | "params">
    : never
  : never;

interface Heard {
  readonly seen: Seen[];
  readonly silent: { readonly branch: TreeBranch; readonly why: string; readonly answer: BranchAnswer }[];
}

function failed(total: number, reason: string): DrainProgress {
  return { number: 0, state: "failed", total, left: total, perSecond: 0, elapsedMs: 0, reason };
}

function refusalOf(endpoint: string, silent: Heard["silent"]): ReplyError {
  for (const { answer, why } of silent) {
    const refusal = "refusal" in answer ? answer.refusal : undefined;
    const code = REFUSALS.find((one) => one === refusal);
    if (code !== undefined) return { code, message: why.replace(REFUSED, "") };
  }
  const whys = silent.map(({ branch, why }) => `${branch.node}: ${why}`).join("; ");
  const message = `No core has answered for endpoint ${JSON.stringify(endpoint)}. ${whys === "" ? "None runs now." : whys}`;
  return { code: "no_such_endpoint", message };
}
