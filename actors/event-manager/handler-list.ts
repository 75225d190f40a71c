import type { AnyRef } from "../../src/index.js";
import type { AnyHandler, HandlerClass, HandlerId, HandlerKey, HandlerPlace } from "./event-handler.js";
import type { HandlerEntry } from "./event-results.js";

/** A handler that is installed. */
export interface Installed {
  readonly handlerClass: HandlerClass<unknown>;
  readonly id: HandlerId | undefined;
  readonly instance: AnyHandler;
  readonly place: HandlerPlace;
  /** Who supervises it. */
  readonly owner: AnyRef | undefined;
}

/** The handlers of a manager, the newest first. The same class may be there several times, also without ids or with the same one. */
export class HandlerList {
  #installed: readonly Installed[] = [];

  /** All, as a list that later changes do not touch. */
  get all(): readonly Installed[] {
    return this.#installed;
  }

  /** The newest that goes by a key. */
  find(key: HandlerKey): Installed | undefined {
    const [handlerClass, id] = Array.isArray(key)
      ? (key as readonly [HandlerClass<unknown>, HandlerId])
      : [key, undefined];
    return this.#installed.find((each) => each.handlerClass === handlerClass && each.id === id);
  }

  has(installed: Installed): boolean {
    return this.#installed.includes(installed);
  }

  ownedBy(owner: AnyRef): readonly Installed[] {
    return this.#installed.filter((each) => each.owner === owner);
  }

  /** Adds one in front of all others. */
  add(installed: Installed): void {
    this.#installed = [installed, ...this.#installed];
  }

  remove(installed: Installed): void {
    this.#installed = this.#installed.filter((each) => each !== installed);
  }

  /** Puts one in the place of another; in front where that one is not there. */
  replace(old: Installed, next: Installed): void {
    if (this.has(old)) this.#installed = this.#installed.map((each) => (each === old ? next : each));
    else this.add(next);
  }
}

/** A handler as people see it. */
export function entryOf({ handlerClass, id }: Pick<Installed, "handlerClass" | "id">): HandlerEntry {
  return { handler: handlerClass.name, id };
}

/** A handler in a text. */
export function titleOf({ handler, id }: HandlerEntry): string {
  return id === undefined ? handler : `${handler} (${id})`;
}
