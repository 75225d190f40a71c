import { type Store, type StoreChange, StoreError } from "../../store/store-port.js";
import type { ClusterNode } from "../cluster-node.js";
import type { WriteOutcome } from "../engine.js";
import { EngineError } from "../engine-error.js";
import { decodePlain, encodePlain } from "../membership/node-record.js";

const PREFIX = "records/";

type RecordChange = Extract<StoreChange, { readonly type: "put_record" | "delete_record" }>;

/**
 * Small values under names that all nodes share, for whoever runs on one node at a time: the part of a store that fencing tokens need.
 *
 * ```ts
 * cluster.singleton("leases", LeaseManager<string>, { resources, tokens: { store: cluster.records, name: "leases" } });
 * ```
 *
 * They live as long as the cluster. Who reads a value may write it; when another has written it since, a write is refused with `not_owner`: so one
 * who was replaced cannot take back what his successor has written.
 */
export class SharedRecords implements Pick<Store, "readRecord" | "commit"> {
  readonly #node: ClusterNode;
  readonly #revisions = new Map<string, number>();
  /** The latest write of a value of which it is not known whether it was done. */
  readonly #unanswered = new Map<string, string>();
  #writes = 0;

  constructor(node: ClusterNode) {
    this.#node = node;
  }

  /** The value under a name. @throws {StoreError} `store_failed` when the register cannot be reached */
  async readRecord(key: string): Promise<Uint8Array | undefined> {
    const entry = await asStore(() => this.#node.membership.register.get(PREFIX + key));
    this.#revisions.set(key, entry?.revision ?? 0);
    return entry === undefined ? undefined : decodeRecord(entry.value)?.value;
  }

  /**
   * Writes or deletes one value; several at once are not taken.
   *
   * @throws {StoreError} `bad_change`; `not_owner` when another has written the value since it was read here; `store_failed` when the register does not
   * answer, and then whether it was written is open: the next commit finds out
   */
  async commit(changes: readonly StoreChange[]): Promise<void> {
    const [change] = changes;
    if (change === undefined) return;
    if (changes.length > 1 || (change.type !== "put_record" && change.type !== "delete_record"))
      throw new StoreError("bad_change", "Expected one put_record or delete_record, got something else, or several");
    const writer = `${this.#node.self.incarnation}/${++this.#writes}`;
    for (let expected = this.#revisions.get(change.key) ?? 0; ; ) {
      const written = await this.#write(change, writer, expected);
      if (written.ok) return void this.#revisions.set(change.key, change.type === "put_record" ? written.revision : 0);
      const { current } = written;
      if (current === undefined && change.type === "delete_record") return;
      const mine = this.#unanswered.get(change.key);
      if (current === undefined || mine === undefined || decodeRecord(current.value)?.writer !== mine) {
        throw new StoreError("not_owner", `${change.key} was written by another since it was read here: read it again`);
      }
      // An earlier write of ours was done after all.
      this.#unanswered.delete(change.key);
      expected = current.revision;
    }
  }

  async #write(change: RecordChange, writer: string, expected: number): Promise<WriteOutcome> {
    const { register } = this.#node.membership;
    const key = PREFIX + change.key;
    try {
      return await asStore(() =>
        change.type === "put_record"
          ? register.put(key, encodePlain([writer, change.value]), expected)
          : register.delete(key, expected),
      );
    } catch (thrown) {
      if (change.type === "put_record") this.#unanswered.set(change.key, writer);
      throw thrown;
    }
  }
}

async function asStore<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (cause) {
    if (!(cause instanceof EngineError)) throw cause;
    throw new StoreError("store_failed", `The cluster's register did not answer: ${cause.message}`, { cause });
  }
}

function decodeRecord(bytes: Uint8Array): { readonly writer: string; readonly value: Uint8Array } | undefined {
  const decoded = decodePlain(bytes);
  if (!Array.isArray(decoded)) return undefined;
  const [writer, value] = decoded as readonly unknown[];
  return typeof writer === "string" && value instanceof Uint8Array ? { writer, value } : undefined;
}
