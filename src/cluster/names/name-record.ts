import { CodecError } from "../codec/codec-error.js";
import { decodePlain, encodePlain } from "../membership/node-record.js";
import type { NodeIdentity } from "../node-identity.js";
import type { ClassDescription } from "../remote-class.js";

/** Where the records of the names are in the shared register. */
export const NAME_PREFIX = "names/";

/** What the shared register holds of one name: who has it. */
export interface NameRecord {
  readonly node: NodeIdentity;
  /** The number of the actor on its node. */
  readonly id: number;
  readonly description: ClassDescription;
}

/** A record as the register keeps it. */
export function encodeName({ node, id, description }: NameRecord): Uint8Array {
  return encodePlain([node.name, node.incarnation, id, description.name, description.messages]);
}

/** A record from the register; `undefined` for bytes that are none. */
export function decodeName(bytes: Uint8Array): NameRecord | undefined {
  let value: unknown;
  try {
    value = decodePlain(bytes);
  } catch (thrown) {
    if (thrown instanceof CodecError) return undefined;
    throw thrown;
  }
  if (!Array.isArray(value)) return undefined;
  const [name, incarnation, id, className, messages] = value as readonly unknown[];
  if (typeof name !== "string" || typeof incarnation !== "string" || typeof id !== "number") return undefined;
  if (typeof className !== "string" || !Array.isArray(messages)) return undefined;
  if (!messages.every((message): message is string => typeof message === "string")) return undefined;
  return { node: { name, incarnation }, id, description: { name: className, messages } };
}
