import { handOver, type HandOver, type HandOverSurroundings } from "./hand-over.js";
import type { HostPlace } from "./host-directory.js";
import type { PlacedLife } from "./placed-life.js";

/** What the moves of a host need of it. */
export interface MovesSurroundings {
  readonly lives: ReadonlyMap<string, PlacedLife>;
  /** How many are under way at a time. */
  readonly most: number;
  readonly at: HandOverSurroundings;
  readonly ownerOf: (name: string) => HostPlace | undefined;
  /** Whether actors stay here wherever they belong. */
  readonly staysPut: () => boolean;
  /** Runs something in the host's own turn. */
  readonly soon: (run: () => void) => void;
  readonly after: (delayMs: number, run: () => void) => void;
  /** Looks at all of it again. */
  readonly reconsider: () => void;
  /** A life is over. */
  readonly ended: (life: PlacedLife) => void;
  /** A life was ended here, and its next one did not begin elsewhere. */
  readonly stranded: (life: PlacedLife, state: unknown) => void;
  /** Nothing more is to be moved for now, or a move is over. */
  readonly settled: () => void;
}

/** When a move that was refused is tried again. */
const AGAIN_MS = 1_000;
/** Of so many actors it is looked up in one turn where they belong. */
const SCAN = 2_000;

/** Gives away what belongs to other nodes: finds it, and moves so many at a time. */
export class Moves {
  readonly #surroundings: MovesSurroundings;
  readonly #queue = new Set<string>();
  readonly #leaving = new Set<string>();
  #plans = 0;
  #willTryAgain = false;

  constructor(surroundings: MovesSurroundings) {
    this.#surroundings = surroundings;
  }

  /** How many moves are under way. */
  get under(): number {
    return this.#leaving.size;
  }

  /** How many wait for their turn. */
  get planned(): number {
    return this.#queue.size;
  }

  /** Looks anew at where everything belongs. */
  plan(): void {
    this.#queue.clear();
    this.#scan([...this.#surroundings.lives.keys()], 0, ++this.#plans);
  }

  /** Looks at one that has begun to run. */
  consider(life: PlacedLife): void {
    if (life.mayMove && this.#destinationOf(life) !== undefined) this.#queue.add(life.id);
    this.#pump();
  }

  #scan(ids: readonly string[], from: number, plan: number): void {
    if (plan !== this.#plans) return;
    const { lives, soon, settled } = this.#surroundings;
    const to = Math.min(ids.length, from + SCAN);
    for (const id of ids.slice(from, to)) {
      const life = lives.get(id);
      if (life === undefined) continue;
      life.mayMove = true;
      if (life.phase === "running" && this.#destinationOf(life) !== undefined) this.#queue.add(id);
    }
    this.#pump();
    if (to < ids.length) soon(() => this.#scan(ids, to, plan));
    else settled();
  }

  /** Where an actor is to go; `undefined` when it stays. */
  #destinationOf({ name }: PlacedLife): HostPlace | undefined {
    const { staysPut, ownerOf, at } = this.#surroundings;
    if (staysPut()) return undefined;
    const place = ownerOf(name);
    return place?.name === at.self ? undefined : place;
  }

  #pump(): void {
    const { lives, most } = this.#surroundings;
    for (const id of this.#queue) {
      if (this.#leaving.size >= most) return;
      this.#queue.delete(id);
      const life = lives.get(id);
      if (life?.phase !== "running" || this.#leaving.has(id)) continue;
      const place = this.#destinationOf(life);
      if (place === undefined) continue;
      this.#leaving.add(id);
      void this.#move(life, place);
    }
  }

  async #move(life: PlacedLife, place: HostPlace): Promise<void> {
    const result = await handOver(life, place, this.#surroundings.at);
    this.#surroundings.soon(() => this.#handedOver(life, result));
  }

  #handedOver(life: PlacedLife, result: HandOver): void {
    const { ended, stranded, settled } = this.#surroundings;
    this.#leaving.delete(life.id);
    if (life.phase === "moving") {
      life.phase = "ended";
      ended(life);
    }
    if (result.outcome === "stranded") stranded(life, result.state);
    if (result.outcome === "stranded" || result.outcome === "refused") this.#tryAgain();
    this.#pump();
    settled();
  }

  #tryAgain(): void {
    if (this.#willTryAgain) return;
    this.#willTryAgain = true;
    this.#surroundings.after(AGAIN_MS, () => {
      this.#willTryAgain = false;
      this.#surroundings.reconsider();
    });
  }
}
