import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { AnyRef } from "../kernel/actor-ref.js";
import type { TreeBranch, TreeBranches } from "../cluster/tree-port.js";
import { InspectorError, systemErrorCode } from "./protocol/errors.js";
import { isRecord } from "./protocol/json.js";
import { connectInspector, type InspectorClient, type InspectorQuestion } from "./protocol/inspector-client.js";
import { readTreeNode, readTreeSnapshot } from "./protocol/read-tree.js";
import { parseSocketFile } from "./protocol/runtime-directory.js";
import type { SystemHeader, TreeNode, TreeSnapshot } from "./protocol/tree.js";

/** How long a process may take to show its tree; without it, the tree is shown without that branch. */
const PATIENCE_MS = 750;
const OF_HOME = /^<0\.(\d+)>$/;
const OF_BRANCH = /^<([^<>]+)\.(\d+)>$/;

/** What a branch has answered, or why it has not. */
export type BranchAnswer =
  | { readonly result: unknown }
  | { readonly silent: string /** The code of its refusal, if it was one. */; readonly refusal?: string };

/** What a branch said when it was asked last: its tree, or why there is none. */
type Look = { readonly snapshot: TreeSnapshot } | { readonly silent: string };

/**
 * The trees of the processes that belong to a system, each shown below the actor that stands for its process.
 *
 * Each process has an inspector of its own, which is asked here as by any reader. One that does not answer in time is shown as such.
 */
export class Branches {
  readonly #branches: TreeBranches;
  readonly #clients = new Map<number, InspectorClient>();
  /** Ends when what was asked of a process last has been answered: each answers one question at a time. */
  readonly #turns = new Map<number, Promise<unknown>>();
  #looks = new Map<AnyRef, { readonly branch: TreeBranch; readonly look: Look }>();

  constructor(branches: TreeBranches) {
    this.#branches = branches;
  }

  /** Asks all of them for their trees, at the same time. Never rejects. */
  async look(all: boolean): Promise<void> {
    const looks = await Promise.all(
      this.#branches.list().map(async (branch) => ({ branch, look: await this.#lookAt(branch, all) })),
    );
    this.#looks = new Map(looks.map((found) => [found.branch.actor, found]));
  }

  /** The system's own tree with those of the others in it, as they were at the last look. */
  graft(snapshot: TreeSnapshot): TreeSnapshot {
    const { root } = snapshot;
    if (root === undefined || this.#looks.size === 0) return snapshot;
    const byRef = new Map([...this.#looks].map(([actor, found]) => [String(actor), found]));
    const grafted = (node: TreeNode): TreeNode => {
      const found = byRef.get(node.ref);
      if (found === undefined) return { ...node, children: node.children.map(grafted) };
      const { branch, look } = found;
      if ("silent" in look) {
        const own = isRecord(node.status) ? node.status : {};
        return { ...node, status: { ...own, tree: look.silent } };
      }
      const { root: top, orphans } = look.snapshot;
      const children = top === undefined ? orphans : [top, ...orphans];
      return { ...node, children: children.map((child) => renamed(child, branch.node)) };
    };
    const headers = [...this.#looks.values()].flatMap(({ look }) => ("snapshot" in look ? [look.snapshot.system] : []));
    return { ...snapshot, system: summed(snapshot.system, headers), root: grafted(root) };
  }

  /** The processes that there are now. */
  list(): readonly TreeBranch[] {
    return this.#branches.list();
  }

  /**
   * An actor of one of the processes, by its reference as shown here, or by a name; `undefined` when none of them has it. Where several have the
   * name the first is given, and says of the others. Never rejects.
   */
  async find(nameOrRef: string): Promise<TreeNode | undefined> {
    const [, node, id] = OF_BRANCH.exec(nameOrRef) ?? [];
    const branches = this.#branches.list().filter((branch) => node === undefined || branch.node === node);
    const actor = node === undefined ? nameOrRef : `<0.${id}>`;
    const found = await Promise.all(
      branches.map(async (branch) => {
        const answer = await this.ask(branch, { method: "info", params: { actor } });
        return "silent" in answer ? [] : [renamed(readTreeNode(answer.result), branch.node)];
      }),
    );
    const [first, ...alike] = found.flat();
    return first === undefined || alike.length === 0 ? first : { ...first, alike };
  }

  /** Lets go of the other processes; the next look connects anew. */
  close(): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
    this.#looks.clear();
  }

  async #lookAt(branch: TreeBranch, all: boolean): Promise<Look> {
    const answer = await this.ask(branch, { method: "tree", params: { all } });
    return "silent" in answer ? answer : { snapshot: readTreeSnapshot(answer.result) };
  }

  /** Asks one of the processes, behind what it is being asked already. Never rejects. */
  ask(branch: TreeBranch, question: InspectorQuestion): Promise<BranchAnswer> {
    const { pid } = branch;
    const ask = (): Promise<BranchAnswer> => this.#askNow(branch, question);
    const answer = (this.#turns.get(pid) ?? Promise.resolve()).then(ask);
    this.#turns.set(pid, answer);
    const forget = (): void => {
      if (this.#turns.get(pid) === answer) this.#turns.delete(pid);
    };
    void answer.then(forget, forget);
    return answer;
  }

  async #askNow({ pid }: TreeBranch, question: InspectorQuestion): Promise<BranchAnswer> {
    try {
      const client = await this.#client(pid);
      if (client === undefined) return { silent: "its inspector is not open" };
      return { result: await client.ask(question) };
    } catch (error) {
      if (!(error instanceof InspectorError)) throw error;
      const { refusal } = error;
      // A question that was refused leaves the connection as it is.
      if (refusal !== undefined) return { silent: error.message, refusal };
      this.#clients.get(pid)?.close();
      this.#clients.delete(pid);
      return { silent: error.code === "no_answer" ? `no answer within ${PATIENCE_MS} ms` : error.message };
    }
  }

  async #client(pid: number): Promise<InspectorClient | undefined> {
    const known = this.#clients.get(pid);
    if (known !== undefined) return known;
    const path = await this.#socketOf(pid);
    if (path === undefined) return undefined;
    const client = await connectInspector(path, { timeoutMs: PATIENCE_MS });
    this.#clients.set(pid, client);
    return client;
  }

  async #socketOf(pid: number): Promise<string | undefined> {
    const { folder } = this.#branches;
    try {
      const file = (await readdir(folder)).find((name) => parseSocketFile(name)?.pid === pid);
      return file === undefined ? undefined : join(folder, file);
    } catch (error) {
      // The folder goes with the host.
      if (systemErrorCode(error) === "ENOENT") return undefined;
      throw error;
    }
  }
}

/** A node of another process with the references by which it is known outside of that. */
function renamed(node: TreeNode, of: string): TreeNode {
  const [, id] = OF_HOME.exec(node.ref) ?? [];
  const ref = id === undefined ? node.ref : `<${of}.${id}>`;
  return { ...node, ref, children: node.children.map((child) => renamed(child, of)) };
}

/** The figures of a system with those of the processes that belong to it. */
function summed(own: SystemHeader, others: readonly SystemHeader[]): SystemHeader {
  const all = [own, ...others];
  const sum = (figure: (header: SystemHeader) => number): number =>
    all.reduce((total, header) => total + figure(header), 0);
  return {
    ...own,
    actors: {
      alive: sum(({ actors }) => actors.alive),
      spawned: sum(({ actors }) => actors.spawned),
      stopped: sum(({ actors }) => actors.stopped),
    },
    ...(own.messages === undefined ? {} : { messages: sum(({ messages }) => messages ?? 0) }),
    deadLetters: sum(({ deadLetters }) => deadLetters),
    heapUsedBytes: sum(({ heapUsedBytes }) => heapUsedBytes),
  };
}
