import { Actor, type ActorRef, type Down, type Exit, type ExitReason } from "holdfast";
import { createTestSystem, type TestSystem } from "holdfast/testing";

/** What an {@link Owner} is told to do. */
export type Job = (owner: Owner) => Promise<unknown>;

/** Options of an {@link Owner}. */
export interface OwnerOptions {
  readonly trap?: boolean;
}

/** An actor that does jobs, in which it may own tasks, and that writes down all that reaches its mailbox besides. */
export class Owner extends Actor<OwnerOptions | undefined> {
  readonly heard: unknown[] = [];

  override init(options: OwnerOptions | undefined): void {
    if (options?.trap === true) this.trapExit();
  }

  /** Does a job within a handler. */
  async do(job: Job): Promise<unknown> {
    return job(this);
  }

  /** What came, apart from jobs. */
  mail(): unknown[] {
    return [...this.heard];
  }

  end(reason: ExitReason): void {
    this.stop(reason);
  }

  override handleInfo(message: unknown): void {
    this.heard.push({ info: message });
  }

  override handleDown({ reason }: Down): void {
    this.heard.push({ down: reason });
  }

  override handleExit({ reason }: Exit): void {
    this.heard.push({ exit: reason });
  }
}

/** A wait that a test ends. */
export class Gate<Value = void> {
  readonly opened: Promise<Value>;
  #open: (value: Value) => void = () => undefined;

  constructor() {
    this.opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(value: Value): void {
    this.#open(value);
  }
}

/** A function that never ends. */
export function stuck(): Promise<never> {
  return new Promise(() => undefined);
}

/** What a promise rejects with. */
export async function failure(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error("Expected a rejection");
}

/** A system under test with an actor that owns tasks. */
export interface OwnerScene extends TestSystem {
  readonly owner: ActorRef<Owner>;
}

/** Makes a system with an owner. */
export async function ownerScene(trap = true): Promise<OwnerScene> {
  const testSystem = await createTestSystem();
  return { ...testSystem, owner: await testSystem.system.start(Owner, { trap }) };
}
