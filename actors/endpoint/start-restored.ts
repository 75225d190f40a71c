import { type ActorSystem, CallError, type ExitReason, isNormalExit } from "../../src/index.js";
import { type ChildTemplate, childTemplate, type DynamicSupervisor, startChild } from "../../supervisors/index.js";
import { Session } from "../session/session.js";
import type { ReturningSession } from "../session/session-messages.js";

const sessionTemplate: ChildTemplate<Session> = childTemplate(Session, { restart: "temporary" });

/**
 * Starts the actor of a session that was read from a store.
 *
 * `crashed`: it would do so again. `ended`: others have ended it, or all sessions: it stays as it is, for whoever starts them anew.
 */
export async function startRestored(
  system: ActorSystem,
  start: ReturningSession,
): Promise<"started" | "crashed" | "ended"> {
  const sessions = system.whereis<DynamicSupervisor>(start.context.sessionsName);
  if (sessions === undefined) return "ended";
  try {
    const started = await startChild(sessions, sessionTemplate, start);
    if (started.ok) return "started";
    return system.isAlive(sessions) && !("error" in started && isExit(started.error)) ? "crashed" : "ended";
  } catch (thrown) {
    if (thrown instanceof CallError) return "ended";
    throw thrown;
  }
}

/** Whether something was ended by others, while it started. */
function isExit(reason: ExitReason): boolean {
  return isNormalExit(reason) || reason === "kill" || reason === "killed";
}
