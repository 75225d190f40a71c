import type { ActorClass, ActorRef, AnyRef, ExitReason } from "holdfast";
import { createTestSystem, type TestSystem } from "holdfast/testing";
import { describe, test } from "vitest";
import type { MachineTypes } from "../../../actors/state-machine/machine-types.js";
import type { StateMachineStatus } from "../../../actors/state-machine/machine-status.js";
import type { StateEvent } from "../../../actors/state-machine/state-event.js";
import { callEnter, callEvent, type StateFunctions } from "../../../actors/state-machine/state-functions.js";
import { StateMachine } from "../../../actors/state-machine/state-machine.js";
import type { StateInit } from "../../../actors/state-machine/state-result.js";

type Mode = StateMachineStatus["mode"];

/** The machine of most tests: casts of notes, calls of questions. */
export interface Probe {
  state: string;
  data: string;
  events: { note(text: string): void; ask(text: string): string };
}

/** A machine of a test, whatever its callback mode is. */
export interface Definition<M extends MachineTypes> {
  readonly start: StateInit<M>;
  /** The states, which may use the machine's own ref. */
  readonly states: (self: () => AnyRef) => StateFunctions<M>;
  readonly terminate?: (reason: ExitReason, state: M["state"], data: M["data"]) => void;
  readonly status?: (status: StateMachineStatus) => StateMachineStatus;
}

/** A running machine and the system around it. */
export interface Scene<M extends MachineTypes> extends TestSystem {
  readonly machine: ActorRef<StateMachine<M>>;
}

/** The same machine as a class of each callback mode. */
export function classesOf<M extends MachineTypes>(
  definition: Definition<M>,
): Record<Mode, ActorClass<StateMachine<M>>> {
  abstract class Defined extends StateMachine<M> {
    override init(): StateInit<M> {
      return definition.start;
    }
    override terminate(reason: ExitReason): void {
      definition.terminate?.(reason, this.state, this.data);
    }
    override formatStatus(): StateMachineStatus {
      const status = super.formatStatus();
      return definition.status?.(status) ?? status;
    }
  }
  class WithStateFunctions extends Defined {
    override readonly states = definition.states(() => this.self());
  }
  class WithHandleEvent extends Defined {
    readonly #states = definition.states(() => this.self());
    override handleEvent(event: StateEvent<M>, state: M["state"], data: M["data"]) {
      return callEvent<M>({ states: this.#states }, event, state, data);
    }
    override handleEnter(from: M["state"], state: M["state"], data: M["data"]) {
      return callEnter<M>({ states: this.#states }, from, state, data);
    }
  }
  return { state_functions: WithStateFunctions, handle_event_function: WithHandleEvent };
}

/** Runs a test in both callback modes, each with a fresh log; the system is stopped and checked for leaks afterwards. */
export function inBothModes<M extends MachineTypes>(
  title: string,
  define: (log: unknown[]) => Definition<M>,
  run: (scene: Scene<M>, log: unknown[]) => Promise<void>,
): void {
  describe(title, () => {
    test.each(["state_functions", "handle_event_function"] satisfies Mode[])("%s", async (mode) => {
      const log: unknown[] = [];
      const testSystem = await createTestSystem();
      const machine = await testSystem.system.start(classesOf(define(log))[mode], undefined, { name: "machine" });
      await run({ ...testSystem, machine }, log);
      await testSystem.stop();
    });
  });
}

/** One line for an event: its type, which one it is and what it carries. */
export function lineOf(event: StateEvent<Probe>): string {
  if (event.type === "call" || event.type === "cast") return `${event.type} ${event.args[0]}`;
  if (event.type === "generic_timeout") return `{timeout,${String(event.name)}} ${String(event.content)}`;
  return `${event.type} ${String(event.content)}`;
}
