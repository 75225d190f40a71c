/** A supervisor, or a worker when it has no `children`. */
export interface TreePlan {
  readonly restart: "permanent" | "transient" | "temporary";
  readonly strategy?: "one_for_one" | "one_for_all" | "rest_for_one";
  readonly intensity?: number;
  readonly children?: readonly TreePlan[];
}

/** The period of every supervisor of the model. */
export const PERIOD_MS = 1_000;

interface Node {
  readonly plan: TreePlan;
  readonly path: string;
  readonly parent: Node | undefined;
  alive: boolean;
  /** Dropped for good, as a temporary child is. */
  gone: boolean;
  children: Node[];
  restarts: number[];
}

/** A tree of supervisors as the rules say it, without regard for time: each end has its whole effect at once. */
export class TreeModel {
  readonly root: Node;
  /** How often each worker was started, by its path. */
  readonly starts = new Map<string, number>();
  now = 0;

  constructor(plan: TreePlan) {
    this.root = this.#nodeOf(plan, "r", undefined);
    this.#start(this.root);
  }

  /** The paths of all workers that run. */
  running(): readonly string[] {
    const found: string[] = [];
    const visit = (node: Node): void => {
      if (!node.alive) return;
      if (node.plan.children === undefined) found.push(node.path);
      node.children.forEach(visit);
    };
    visit(this.root);
    return found.sort();
  }

  /** A worker ends by itself. */
  end(path: string, abnormal: boolean): void {
    const node = this.#find(this.root, path);
    if (node === undefined) throw new Error(`no worker ${path} runs`);
    node.alive = false;
    if (node.parent !== undefined) this.#handleEnd(node.parent, node, abnormal);
  }

  #handleEnd(supervisor: Node, child: Node, abnormal: boolean): void {
    const { restart } = child.plan;
    if (restart === "temporary") {
      child.gone = true;
      return;
    }
    if (restart === "transient" && !abnormal) return;
    supervisor.restarts = supervisor.restarts.filter((at) => this.now - at <= PERIOD_MS);
    if (supervisor.restarts.length >= (supervisor.plan.intensity ?? 0)) {
      this.#stop(supervisor);
      // It ends with shutdown, which is an orderly end to its own supervisor.
      if (supervisor.parent !== undefined) this.#handleEnd(supervisor.parent, supervisor, false);
      return;
    }
    supervisor.restarts.push(this.now);
    const { strategy } = supervisor.plan;
    const at = supervisor.children.indexOf(child);
    const affected =
      strategy === "one_for_one"
        ? [child]
        : strategy === "rest_for_one"
          ? supervisor.children.slice(at)
          : supervisor.children;
    for (const each of affected) {
      if (each.alive) this.#stop(each);
      if (each.plan.restart === "temporary") each.gone = true;
    }
    for (const each of affected) if (!each.gone) this.#start(each);
  }

  #start(node: Node): void {
    node.alive = true;
    node.restarts = [];
    node.children = (node.plan.children ?? []).map((plan, index) => this.#nodeOf(plan, `${node.path}.${index}`, node));
    if (node.plan.children === undefined) this.starts.set(node.path, (this.starts.get(node.path) ?? 0) + 1);
    for (const child of node.children) this.#start(child);
  }

  #stop(node: Node): void {
    node.alive = false;
    for (const child of node.children) this.#stop(child);
  }

  #nodeOf(plan: TreePlan, path: string, parent: Node | undefined): Node {
    return { plan, path, parent, alive: false, gone: false, children: [], restarts: [] };
  }

  #find(node: Node, path: string): Node | undefined {
    if (node.path === path) return node;
    for (const child of node.children) {
      const found = child.alive ? this.#find(child, path) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
