import type { GlobalNames } from "../../../src/cluster/names/global-names.js";
import { Actor, type ActorRef, type AnyRef } from "../../../src/index.js";
import type { TestCluster, TestNode } from "../../../src/testing/test-cluster.js";

/** The tokens that were given for each name, and by whom work was done that should not have been. */
export class Ledger {
  readonly #latest = new Map<string, number>();
  readonly faults: string[] = [];
  works = 0;

  /** A name was given with a token. */
  given(name: string, token: number): void {
    const latest = this.#latest.get(name) ?? 0;
    if (token < latest) this.faults.push(`the token of ${name} fell from ${latest} to ${token}`);
    this.#latest.set(name, Math.max(latest, token));
  }

  /** Somebody does something as the owner of a name: none may have come after it. */
  worked(name: string, token: number, what: string): void {
    this.works++;
    const latest = this.#latest.get(name) ?? 0;
    if (token < latest)
      this.faults.push(`${what} of an owner of ${name} ran with token ${token} after ${latest} was given`);
  }
}

/** What an owner is and writes to. */
export interface OwnerArgs {
  readonly ledger: Ledger;
  readonly name: string;
}

/** An actor that owns a name as soon as it is told its token, and does its work with every handler that runs. */
export class Owner extends Actor<OwnerArgs> {
  #ledger = new Ledger();
  #name = "";
  #token: number | undefined;
  override init({ ledger, name }: OwnerArgs): void {
    this.#ledger = ledger;
    this.#name = name;
    this.trapExit();
  }
  owns(token: number): void {
    this.#token = token;
    this.sendEvery(100, "tick");
    this.#work("owns");
  }
  work(): void {
    this.#work("a message");
  }
  watch(ref: AnyRef): void {
    this.monitor(ref);
  }
  override handleInfo(): void {
    this.#work("a timer");
  }
  override handleDown(): void {
    this.#work("a DOWN");
  }
  override handleContinue(): void {
    this.#work("a continuation");
  }
  #work(what: string): void {
    if (this.#token !== undefined) this.#ledger.worked(this.#name, this.#token, what);
  }
}

/** An owner, or one that wants to be. */
export interface Candidate {
  readonly name: string;
  readonly node: TestNode;
  readonly names: GlobalNames;
  readonly ref: ActorRef<Owner>;
}

/** The candidates that hold a name at this moment by the clocks of their own nodes, in processes that are alive. */
export function holdersOf(cluster: TestCluster, candidates: readonly Candidate[], name: string): Candidate[] {
  return candidates.filter(
    (one) => one.name === name && cluster.node(one.node.name) === one.node && one.names.holds(name, one.ref),
  );
}
