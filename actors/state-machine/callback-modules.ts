import { BadReturnError } from "../../src/index.js";
import type { MachineTypes } from "./machine-types.js";
import type { ModuleAction } from "./state-action.js";
import type { StateModule } from "./state-functions.js";

/** Most modules that may wait for a pop. */
const MOST_PUSHED = 1_000;

/** Which callbacks are in force, and which come back with a pop; the machine itself, the first, is `undefined`. */
export class CallbackModules<M extends MachineTypes> {
  #present: StateModule<M> | undefined;
  readonly #pushed: (StateModule<M> | undefined)[] = [];

  /** The module in force; `undefined` is the machine. */
  get present(): StateModule<M> | undefined {
    return this.#present;
  }

  /** Changes the module in force. @throws {BadReturnError} for a pop too many, or a push too many */
  apply(action: ModuleAction<M>): void {
    if (action.type === "pop_callback_module") {
      if (this.#pushed.length === 0) {
        throw new BadReturnError(
          "A state machine cannot do pop_callback_module: nothing was pushed, or all of it was popped",
        );
      }
      this.#present = this.#pushed.pop();
      return;
    }
    if (action.type === "push_callback_module") {
      if (this.#pushed.length >= MOST_PUSHED) {
        throw new BadReturnError(
          `A state machine cannot do push_callback_module: ${MOST_PUSHED} modules wait for a pop already`,
        );
      }
      this.#pushed.push(this.#present);
    }
    this.#present = action.module;
  }
}
