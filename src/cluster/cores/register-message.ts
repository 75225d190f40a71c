import { CodecError } from "../codec/codec-error.js";
import { decodePlain, encodePlain } from "../membership/node-record.js";

/** What a core asks of the register that its host keeps; the number comes back with the answer. */
export type RegisterRequest =
  | { readonly kind: "get" | "list"; readonly number: number; readonly key: string }
  | {
      readonly kind: "put";
      readonly number: number;
      readonly key: string;
      readonly value: Uint8Array;
      readonly expected: number;
    }
  | { readonly kind: "delete"; readonly number: number; readonly key: string; readonly expected: number }
  | { readonly kind: "watch"; readonly number: number; readonly key: string }
  | { readonly kind: "unwatch"; readonly number: number };

/** What the host says to a core about the register. */
export type RegisterReply =
  | { readonly kind: "answer"; readonly number: number; readonly value: unknown }
  | {
      readonly kind: "changed";
      readonly number: number;
      readonly key: string;
      readonly value: Uint8Array | undefined;
      readonly revision: number;
    };

/** A message as bytes. */
export function encodeMessage(message: RegisterRequest | RegisterReply): Uint8Array {
  return encodePlain(message);
}

/** A request from bytes; `undefined` for any that are none. */
export function decodeRequest(bytes: Uint8Array): RegisterRequest | undefined {
  const fields = fieldsOf(bytes);
  if (fields === undefined) return undefined;
  const { kind, number, key, value, expected } = fields;
  if (typeof number !== "number") return undefined;
  if (kind === "unwatch") return { kind, number };
  if (typeof key !== "string") return undefined;
  if (kind === "get" || kind === "list" || kind === "watch") return { kind, number, key };
  if (typeof expected !== "number") return undefined;
  if (kind === "delete") return { kind, number, key, expected };
  return kind === "put" && value instanceof Uint8Array ? { kind, number, key, value, expected } : undefined;
}

/** A reply from bytes; `undefined` for any that are none. */
export function decodeReply(bytes: Uint8Array): RegisterReply | undefined {
  const fields = fieldsOf(bytes);
  if (fields === undefined) return undefined;
  const { kind, number, key, value, revision } = fields;
  if (typeof number !== "number") return undefined;
  if (kind === "answer") return { kind, number, value };
  if (kind !== "changed" || typeof key !== "string" || typeof revision !== "number") return undefined;
  if (value !== undefined && !(value instanceof Uint8Array)) return undefined;
  return { kind, number, key, value, revision };
}

interface Fields {
  readonly kind?: unknown;
  readonly number?: unknown;
  readonly key?: unknown;
  readonly value?: unknown;
  readonly expected?: unknown;
  readonly revision?: unknown;
}

function fieldsOf(bytes: Uint8Array): Fields | undefined {
  try {
    const message = decodePlain(bytes);
    return typeof message === "object" && message !== null ? message : undefined;
  } catch (thrown) {
    if (thrown instanceof CodecError) return undefined;
    throw thrown;
  }
}
