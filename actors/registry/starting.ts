import { type ActorRef, type AnyRef, BadArgumentError, StartError, sys, whatCame } from "../../src/index.js";
import { idOf, type Key } from "./key.js";
import type { RegistryCore } from "./registry-core.js";
import { RegistryError } from "./registry-error.js";

/** Who has a name, and whether it was started for that. */
export interface Located<A> {
  readonly ref: ActorRef<A>;
  readonly started: boolean;
}

/** The actor that has a name, or one that is spawned now and has the name before its `init` runs. */
export function registerOrLocate(core: RegistryCore, key: Key, spawn: () => AnyRef, value: unknown): Located<unknown> {
  const holder = core.holderOfName(idOf(key));
  if (holder !== undefined) return { ref: holder.owner, started: false };
  const ref = spawn();
  const registered = core.register("name", key, ref, value);
  if (registered.ok) return { ref, started: true };
  throw registered.reason === "noproc"
    ? notAlive(key, ref)
    : new BadArgumentError(`Expected the function that spawns an actor for ${JSON.stringify(key)} not to register it`);
}

/** The actor that has a name, or one that is started for it; however many ask at the same time, one is started. */
export async function getOrStart(
  core: RegistryCore,
  key: Key,
  start: () => AnyRef | Promise<AnyRef>,
  value: unknown,
): Promise<AnyRef> {
  const id = idOf(key);
  const holder = core.holderOfName(id);
  if (holder !== undefined) return holder.owner;
  const underWay = core.starting.get(id);
  if (underWay !== undefined) return underWay;
  const started = startOne(core, key, start, value);
  core.starting.set(id, started);
  try {
    return await started;
  } finally {
    core.starting.delete(id);
  }
}

async function startOne(
  core: RegistryCore,
  key: Key,
  start: () => AnyRef | Promise<AnyRef>,
  value: unknown,
): Promise<AnyRef> {
  const ref = await start();
  // It may have registered itself in its init.
  if (core.holderOfName(idOf(key))?.owner === ref) return ref;
  const registered = core.register("name", key, ref, value);
  if (registered.ok) return ref;
  if (registered.reason === "noproc") throw notAlive(key, ref);
  core.system.exit(ref, "shutdown");
  throw new RegistryError(
    "surplus",
    `Another actor registered ${JSON.stringify(key)} while one was being started for it: the new one is stopped, ask again`,
  );
}

/** Spawns an actor under a name and resolves when its `init` is done. @throws {StartError} `already_started`, `init_failed` */
export async function startUnder(core: RegistryCore, key: Key, spawn: () => AnyRef, value: unknown): Promise<AnyRef> {
  const { ref, started } = registerOrLocate(core, key, spawn, value);
  const title = `an actor for ${whatCame(key)}`;
  if (!started) throw new StartError("already_started", title, { already_started: ref });
  try {
    // A system request is served when init is done, before any message.
    await sys.getStatus(ref, { timeoutMs: Number.POSITIVE_INFINITY });
    return ref;
  } catch (error) {
    if (core.system.isAlive(ref)) throw error;
    throw new StartError("init_failed", title, core.system.exitReason(ref));
  }
}

function notAlive(key: Key, ref: AnyRef): RegistryError {
  return new RegistryError(
    "not_alive",
    `${ref.toString()}, which was started for ${JSON.stringify(key)}, has ended: ask again`,
  );
}
