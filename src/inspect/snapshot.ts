import { boundData, type DataBounds } from "./bounded-data.js";
import type { InspectableActor, InspectableSystem, LifeTally } from "./inspectable.js";
import { isRecord, type Json } from "./protocol/json.js";
import type { ActorLife, HiddenNodes, LoopDelay, TreeNode, TreeSnapshot } from "./protocol/tree.js";
import { packageVersion } from "./protocol/version.js";
import { type ChildSpecification, readSupervisorStatus, type SupervisorStatus } from "./supervisor-status.js";

/** How much of a tree one snapshot shows. */
export interface SnapshotBounds {
  /** Children listed of each parent. */
  readonly page: number;
  /** Rows of the whole snapshot. */
  readonly rows: number;
  /** Levels below the root. */
  readonly depth: number;
  /** How much of each actor's status is shown. */
  readonly status: DataBounds;
  /** Bytes of all statuses together; rows after that carry none. */
  readonly statusBytes: number;
  /** Actors that are counted without a row of their own, in the whole snapshot. */
  readonly tally: number;
}

const ROW_STATUS: DataBounds = { depth: 4, entries: 20, characters: 200, bytes: 1_024 };

/** The bounds of a first look: 50 children of each parent, 500 rows. */
export const FIRST_LOOK: SnapshotBounds = {
  page: 50,
  rows: 500,
  depth: 32,
  status: ROW_STATUS,
  statusBytes: 256 * 1_024,
  tally: 100_000,
};

/** The bounds of `all`: 5,000 rows, in whichever way they spread over the tree. */
export const EVERYTHING: SnapshotBounds = { ...FIRST_LOOK, page: 5_000, rows: 5_000, statusBytes: 2 * 1_024 * 1_024 };

/** The bounds of `info`: one actor, a page of its children, and much of its status. */
const ONE_ACTOR: SnapshotBounds = {
  ...FIRST_LOOK,
  depth: 1,
  status: { depth: 8, entries: 100, characters: 2_000, bytes: 16_384 },
};

/**
 * Takes a picture of the whole system, within bounds, in one go.
 *
 * Rows are given out level by level, so the top of the tree is always there, however many actors sit below one parent. What is left out is
 * counted by life. A `formatStatus` that throws is shown as a text in the place of the status.
 */
export function takeSnapshot(
  system: InspectableSystem,
  bounds: SnapshotBounds,
  loopDelay: LoopDelay | undefined,
): TreeSnapshot {
  const walk = new Walk(bounds);
  const root = system.root();
  const rootDraft = root === undefined ? undefined : walk.draft(root, 0, {});
  const orphans = walk.list(system.orphans(), 0, new Map());
  const moreOrphans = walk.hidden(orphans, (max) => system.tallyOrphans(max));
  if (rootDraft !== undefined) walk.descend(rootDraft);
  for (const orphan of orphans.drafts) walk.descend(orphan);
  walk.run();
  const { messages, deadLetters, ...actors } = system.counters();
  return {
    system: {
      name: system.name,
      holdfast: packageVersion(),
      node: process.versions.node,
      pid: process.pid,
      uptimeMs: Math.round(system.uptimeMs()),
      capturedAt: new Date(system.wallTime()).toISOString(),
      actors,
      ...(messages === undefined ? {} : { messages }),
      deadLetters,
      ...(loopDelay === undefined ? {} : { loopDelay }),
      heapUsedBytes: process.memoryUsage().heapUsed,
    },
    ...(rootDraft === undefined ? {} : { root: rootDraft.node }),
    orphans: orphans.drafts.map((draft) => draft.node),
    ...(moreOrphans === undefined ? {} : { moreOrphans }),
  };
}

/** Takes a picture of one actor and its direct children, otherwise like {@link takeSnapshot}. */
export function takeActorSnapshot(actor: InspectableActor, bounds: SnapshotBounds = ONE_ACTOR): TreeNode {
  const walk = new Walk(bounds);
  const draft = walk.draft(actor, 0, specificationOf(actor, bounds));
  walk.descend(draft);
  walk.run();
  return draft.node;
}

// What its supervisor knows of an actor that is looked at alone.
function specificationOf(actor: InspectableActor, bounds: SnapshotBounds): ChildSpecification {
  const parent = actor.parent();
  if (parent === undefined) return {};
  return readStatus(parent, bounds.status).supervisor?.specifications.get(actor.ref) ?? {};
}

/** A node whose children are still to be filled in. */
type NodeDraft = { -readonly [Key in keyof TreeNode]: TreeNode[Key] };

interface Draft {
  readonly actor: InspectableActor;
  readonly node: NodeDraft;
  readonly depth: number;
  readonly specifications: ReadonlyMap<string, ChildSpecification>;
}

interface Listed {
  readonly drafts: readonly Draft[];
  /** Whether the list was cut. */
  readonly cut: boolean;
}

class Walk {
  readonly #bounds: SnapshotBounds;
  readonly #queue: Draft[] = [];
  #rowsLeft: number;
  #statusBytesLeft: number;
  #tallyLeft: number;

  constructor(bounds: SnapshotBounds) {
    this.#bounds = bounds;
    this.#rowsLeft = bounds.rows;
    this.#statusBytesLeft = bounds.statusBytes;
    this.#tallyLeft = bounds.tally;
  }

  descend(draft: Draft): void {
    this.#queue.push(draft);
  }

  run(): void {
    // The queue grows while it is read; rows bound it.
    for (const draft of this.#queue) {
      const listed = this.list(draft.actor.children(), draft.depth + 1, draft.specifications);
      draft.node.children = listed.drafts.map((child) => child.node);
      const more = this.hidden(listed, (max) => draft.actor.tallyChildren(max));
      if (more !== undefined) draft.node.more = more;
      this.#queue.push(...listed.drafts);
    }
  }

  list(
    actors: Iterable<InspectableActor>,
    depth: number,
    specifications: ReadonlyMap<string, ChildSpecification>,
  ): Listed {
    const drafts: Draft[] = [];
    for (const actor of actors) {
      if (this.#rowsLeft <= 0 || drafts.length >= this.#bounds.page || depth > this.#bounds.depth)
        return { drafts, cut: true };
      drafts.push(this.draft(actor, depth, specifications.get(actor.ref) ?? {}));
    }
    // A restarted child is the youngest: the order of the specifications is the one that people know.
    const order = new Map([...specifications.keys()].map((ref, index) => [ref, index]));
    if (order.size > 0)
      drafts.sort(
        (left, right) => (order.get(left.node.ref) ?? order.size) - (order.get(right.node.ref) ?? order.size),
      );
    return { drafts, cut: false };
  }

  draft(actor: InspectableActor, depth: number, specification: ChildSpecification): Draft {
    this.#rowsLeft--;
    const { kind, supervisor, status } = readStatus(actor, this.#bounds.status);
    const node: NodeDraft = {
      ref: actor.ref,
      ...(actor.name === undefined ? {} : { name: actor.name }),
      ...(actor.label === undefined ? {} : { label: actor.label }),
      behaviour: actor.behaviour,
      kind,
      life: actor.life,
      ...(actor.busy === undefined ? {} : { busy: actor.busy }),
      mailbox: actor.mailbox,
      messages: actor.messages,
      ...specification,
      ...(supervisor === undefined ? {} : { supervisor: supervisor.state }),
      ...this.#withinBudget(status),
      children: [],
    };
    return { actor, node, depth, specifications: supervisor?.specifications ?? new Map() };
  }

  hidden(listed: Listed, tallyOf: (max: number) => LifeTally): HiddenNodes | undefined {
    if (!listed.cut) return undefined;
    // Shown ones are part of the tally, so they are allowed for, and taken off again below.
    const max = this.#tallyLeft + listed.drafts.length;
    const tally = tallyOf(max);
    const lives = new Map<ActorLife, number>(tally.byLife);
    for (const { node } of listed.drafts) lives.set(node.life, (lives.get(node.life) ?? 0) - 1);
    const count = tally.count - listed.drafts.length;
    this.#tallyLeft -= count;
    const byLife = Object.fromEntries([...lives].filter(([, actors]) => actors > 0));
    return tally.count >= max ? { count, atLeast: true, byLife } : { count, byLife };
  }

  #withinBudget(status: Json | undefined): Pick<TreeNode, "status"> {
    if (status === undefined || this.#statusBytesLeft <= 0) return {};
    this.#statusBytesLeft -= Buffer.byteLength(JSON.stringify(status));
    return { status };
  }
}

interface ReadStatus {
  readonly kind: string;
  readonly supervisor?: SupervisorStatus;
  readonly status?: Json;
}

// All of it in one try: not only formatStatus is the user's code, the getters of what it returned are too.
function readStatus(actor: InspectableActor, bounds: DataBounds): ReadStatus {
  try {
    const status = actor.status();
    if (status === undefined) return { kind: "worker" };
    if (status instanceof Promise) return refusePromise(status);
    const supervisor = readSupervisorStatus(status);
    if (supervisor === undefined) return { kind: kindOf(status), status: boundData(status, bounds) };
    const { rest } = supervisor;
    return { kind: "supervisor", supervisor, ...(rest === undefined ? {} : { status: boundData(rest, bounds) }) };
  } catch (error) {
    return { kind: "worker", status: failureText(error) };
  }
}

function refusePromise(status: Promise<unknown>): ReadStatus {
  // Nobody else holds the promise: unhandled, its rejection would end the process.
  void status.then(undefined, () => undefined);
  return { kind: "worker", status: "formatStatus returned a promise; expected the value itself" };
}

// An error may be anything, with a getter that throws as well: it must not break the picture of all others.
function failureText(error: unknown): string {
  try {
    return `formatStatus failed: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`.slice(
      0,
      200,
    );
  } catch {
    return "formatStatus failed with an error that has no text";
  }
}

function kindOf(status: unknown): string {
  const kind = isRecord(status) ? status["kind"] : undefined;
  return typeof kind === "string" && kind !== "" ? kind.slice(0, 40) : "worker";
}
