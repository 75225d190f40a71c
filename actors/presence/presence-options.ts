import { BadArgumentError, whatCame } from "../../src/index.js";
import type { PresenceData } from "./presence-data.js";
import type { PresenceRecord } from "./presence-record.js";

/** What a presence on several nodes needs: who it is, and how the others hear of it. */
export interface PresencePeers {
  /** The name of this node. */
  readonly node: string;
  /** Sends the latest changes to all other nodes, which give them to {@link Presence.merge}. */
  readonly publish: (changes: PresenceData<PresenceRecord>) => void;
}

/** What a presence is given at its start. */
export interface PresenceOptions {
  /** The name under which `presenceOf` finds it, unique in the system; `"presence"` by default. */
  readonly name?: string;
  /** The name of the endpoint to whose topics diffs are broadcast; `"endpoint"` by default. */
  readonly endpoint?: string;
  /** How long changes of a topic wait for company before they are told, in milliseconds; 50 by default. 0: for the changes of the same turn. */
  readonly batchMs?: number;
  /** How long an async `fetch` may take, in milliseconds; 5,000 by default. Then clients are told without what it adds. */
  readonly fetchTimeoutMs?: number;
  /** Most presences tracked on this node; 1,000,000 by default. */
  readonly maxPresences?: number;
  /** Most presences under one key of one topic; 100 by default. */
  readonly maxPerKey?: number;
  /** Most bytes of one presence's meta, as JSON; 4,096 by default. */
  readonly maxMetaBytes?: number;
  /** Into how large messages states and diffs are divided, as JSON; 65,536 by default. At most a fourth of the endpoint's limit `windowBytes`. */
  readonly messageBytes?: number;
  /** Makes it one of several, on as many nodes, that show the same; none by default. */
  readonly peers?: PresencePeers;
}

/** Options of a presence with every default filled in. */
export type CheckedPresenceOptions = Required<Omit<PresenceOptions, "peers">> & {
  readonly peers: PresencePeers | undefined;
};

/** The name of a presence that is given none. */
export const DEFAULT_PRESENCE = "presence";

/**
 * Checks the options of a presence and fills in the defaults.
 *
 * @throws {BadArgumentError} for the first that cannot be used
 */
export function checkPresenceOptions(options: PresenceOptions = {}): CheckedPresenceOptions {
  if (typeof options !== "object" || options === null) throw wrong("an object", options);
  const { name = DEFAULT_PRESENCE, endpoint = "endpoint", batchMs = 50, fetchTimeoutMs = 5_000, peers } = options;
  const { maxPresences = 1_000_000, maxPerKey = 100, maxMetaBytes = 4_096, messageBytes = 65_536 } = options;
  for (const [option, value] of Object.entries({ name, endpoint })) {
    if (typeof value !== "string" || value === "") throw wrong(`${option} to be a text that is not empty`, value);
  }
  if (!Number.isFinite(batchMs) || batchMs < 0) throw wrong("batchMs to be a number of milliseconds from 0", batchMs);
  if (!Number.isFinite(fetchTimeoutMs) || fetchTimeoutMs < 1) {
    throw wrong("fetchTimeoutMs to be a number of milliseconds from 1", fetchTimeoutMs);
  }
  for (const [option, value] of Object.entries({ maxPresences, maxPerKey, maxMetaBytes, messageBytes })) {
    if (!Number.isSafeInteger(value) || value < 1) throw wrong(`${option} to be a whole number from 1`, value);
  }
  if (peers !== undefined && (typeof peers.node !== "string" || typeof peers.publish !== "function")) {
    throw wrong("peers to be { node, publish }", peers);
  }
  const limits = { maxPresences, maxPerKey, maxMetaBytes, messageBytes };
  return { name, endpoint, batchMs, fetchTimeoutMs, ...limits, peers };
}

function wrong(expected: string, value: unknown): BadArgumentError {
  return new BadArgumentError(`Expected of the options of a presence ${expected}, got ${whatCame(value)}`);
}
