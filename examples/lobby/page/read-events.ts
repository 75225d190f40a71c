import type { ChatMessage, History, Person, Present, Translation } from "../wire.js";

// What comes over the wire has no type. It comes from the page's own server, so what does not fit is simply not shown.

/** Reads the payload of `said`. */
export function readMessage(value: unknown): ChatMessage | undefined {
  if (!isRecord(value)) return undefined;
  const { log, number, author, text, at } = value;
  if (typeof log !== "string" || typeof number !== "number" || typeof author !== "string") return undefined;
  if (typeof text !== "string" || typeof at !== "number") return undefined;
  const translation = readTranslation(value["translation"]);
  const message = { log, number, author, text, at };
  return translation === undefined ? message : { ...message, translation };
}

/** Reads the payload of `history`. */
export function readHistory(value: unknown): History | undefined {
  if (!isRecord(value) || typeof value["log"] !== "string" || !Array.isArray(value["messages"])) return undefined;
  const messages = value["messages"].map(readMessage).filter((message) => message !== undefined);
  return { log: value["log"], messages };
}

/** Reads the payload of `present`. */
export function readPresent(value: unknown): Present | undefined {
  if (!isRecord(value) || typeof value["count"] !== "number" || !Array.isArray(value["people"])) return undefined;
  return { count: value["count"], people: value["people"].map(readPerson).filter((person) => person !== undefined) };
}

/** Reads a text out of an object, such as the reason of a refusal. */
export function readText(value: unknown, key: string): string | undefined {
  const text = isRecord(value) ? value[key] : undefined;
  return typeof text === "string" ? text : undefined;
}

function readPerson(value: unknown): Person | undefined {
  if (!isRecord(value)) return undefined;
  const { name, tabs } = value;
  return typeof name === "string" && typeof tabs === "number" ? { name, tabs } : undefined;
}

function readTranslation(value: unknown): Translation | undefined {
  if (!isRecord(value)) return undefined;
  const { text, by, tookMs } = value;
  const fits = typeof text === "string" && typeof by === "string" && typeof tookMs === "number";
  return fits ? { text, by, tookMs } : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
