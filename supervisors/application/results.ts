import type { AnyRef, ExitReason } from "../../src/index.js";
import type { Ok, Refused } from "../results.js";
import type { RestartType } from "../strategy/terms.js";

/** Applications need each other: `cycle` names them in order, the first once more at the end. */
export interface CircularDependency extends Refused<"circular_dependency"> {
  readonly cycle: readonly string[];
}

/** Another definition of this name is loaded and runs, or two of one name are wanted together. */
export interface NameConflict extends Refused<"name_conflict"> {
  readonly application: string;
}

/** No application of this name is loaded; `path` leads to it from the one that was asked for. */
export interface UnknownApplication extends Refused<"unknown_application"> {
  readonly application: string;
  readonly path: readonly string[];
}

/** An application did not start; nothing of it is left. */
export interface ApplicationStartFailed extends Refused<"start_failed"> {
  readonly application: string;
  /** Why, as an exit reason. */
  readonly error: ExitReason;
}

/**
 * What `startApplication` answers.
 *
 * `already_started`: it runs. `not_started`: the application `dependency` must run before. `stopping`: the system stops.
 */
export type StartApplicationResult =
  | Ok
  | ApplicationStartFailed
  | NameConflict
  | UnknownApplication
  | Refused<"already_started" | "stopping">
  | (Refused<"not_started"> & { readonly dependency: string });

/** What `ensureAllStarted` answers; `started` lists what it started itself, in the order of the starts. */
export type EnsureAllStartedResult =
  | { readonly ok: true; readonly started: readonly string[] }
  | ApplicationStartFailed
  | CircularDependency
  | NameConflict
  | UnknownApplication
  | Refused<"stopping">;

/** What `stopApplication` answers; `forced`: its time was over, and what was left of it was killed. `stopping`: the system stops, and it too. */
export type StopApplicationResult =
  | { readonly ok: true; readonly forced: boolean }
  | Refused<"not_started" | "stopping">;

/** What `load` answers. */
export type LoadResult = Ok | NameConflict;

/** What `unload` answers. */
export type UnloadResult = Ok | Refused<"not_loaded" | "running">;

/** What `getSupervisor` answers; `no_supervisor`: it is a library. */
export type GetSupervisorResult =
  | { readonly ok: true; readonly ref: AnyRef }
  | Refused<"not_started" | "no_supervisor">;

/** The environment is the new one, but `configChange` of the application threw, or took too long (`"timeout"`). */
export interface ConfigChangeFailed extends Refused<"config_change_failed"> {
  readonly error: ExitReason;
}

/** What `changeEnv` answers: the keys that differ. */
export type ChangeEnvResult =
  | {
      readonly ok: true;
      readonly changed: readonly string[];
      readonly added: readonly string[];
      readonly removed: readonly string[];
    }
  | Refused<"not_loaded">
  | ConfigChangeFailed;

/** One application in the answer to `whichApplications`. */
export interface RunningApplication {
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly restart: RestartType;
  /** Its top supervisor; `undefined` for a library. */
  readonly supervisor: AnyRef | undefined;
}
