import type { ExitReason } from "../../src/index.js";

/** The exit reason of a channel whose `join` said no, with the response for the client. */
export interface JoinRefused {
  readonly refused: object;
}

/** The response of a channel that said no, or `undefined` when it ended for another reason. */
export function refusalOf(reason: ExitReason): object | undefined {
  if (typeof reason !== "object" || reason === null || !("refused" in reason)) return undefined;
  return typeof reason.refused === "object" && reason.refused !== null ? reason.refused : undefined;
}
