import type { VirtualClock } from "../../../src/testing/index.js";
import type { TestCluster } from "../../../src/testing/test-cluster.js";
import type { NodeProcess } from "./node-process.js";

/** What the parts of a world have in common. */
export interface Surroundings {
  readonly cluster: TestCluster;
  readonly clock: VirtualClock;
  /** The processes that have not been killed. */
  readonly processes: () => readonly NodeProcess[];
  /** Something happened that must not; `what` is the name of what it breaks. */
  readonly failed: (what: string, text: string) => void;
  readonly note: (text: string) => void;
}

/** Some of the inhabitants of a world, and what must hold for them. */
export interface Part {
  /** A process has begun, and is a member. */
  began(process: NodeProcess): void | Promise<void>;
  /** A process is about to be stopped, as SIGSTOP does: what is given to its actors now is in it when it goes on. */
  pausing?(process: NodeProcess): void;
  /** A process is killed. */
  killed?(process: NodeProcess): void;
  /** Looks at what must hold at every moment. */
  look?(): void;
  /** Looks at what must hold when all has been well for long enough. */
  rest?(): void | Promise<void>;
  /** Ends all that it has. */
  end(): void | Promise<void>;
}
