import { Actor, type ActorRef, type Exit, type ExitReason } from "holdfast";
import { createTestSystem, type TestSystem } from "holdfast/testing";
import { handler, type HandlerId } from "../../../actors/event-manager/event-handler.js";
import { EventManager } from "../../../actors/event-manager/event-manager.js";
import { HandlerExit } from "../../../actors/event-manager/event-results.js";
import { type Journal, type Order, Recorder, type RecorderArgs } from "./handlers.js";

/** A manager and what its recorders write down. */
export interface Scene extends TestSystem {
  readonly events: ActorRef<EventManager<Order>>;
  readonly journal: Journal;
  /** A recorder that writes to the journal. */
  recorder(args?: Partial<RecorderArgs>, id?: HandlerId): ReturnType<typeof handler<Recorder>>;
}

/** Starts a manager without handlers. */
export async function scene(): Promise<Scene> {
  const testSystem = await createTestSystem();
  const events = await testSystem.system.start(EventManager<Order>, undefined, { name: "events" });
  const journal: Journal = [];
  return {
    ...testSystem,
    events,
    journal,
    recorder: (args = {}, id) =>
      handler(Recorder, id === undefined ? { args: { journal, ...args } } : { id, args: { journal, ...args } }),
  };
}

/** Owns supervised handlers. */
export class HandlerOwner extends Actor<ActorRef<EventManager<Order>>> {
  #events: ActorRef<EventManager<Order>> | undefined;
  readonly #heard: unknown[] = [];

  override init(events: ActorRef<EventManager<Order>>): void {
    this.trapExit();
    this.#events = events;
  }

  async add(spec: ReturnType<typeof handler<Recorder>>): Promise<unknown> {
    return this.#events?.call.addSupHandler(spec);
  }

  async swap(spec: ReturnType<typeof handler<Recorder>>): Promise<unknown> {
    return this.#events?.call.swapSupHandler(Recorder, "args", spec);
  }

  heard(): unknown[] {
    return [...this.#heard];
  }

  end(reason: ExitReason): void {
    this.stop(reason);
  }

  override handleInfo(message: unknown): void {
    this.#heard.push(
      message instanceof HandlerExit ? { handler: message.handler, id: message.id, reason: message.reason } : message,
    );
  }

  override handleExit({ reason }: Exit): void {
    this.#heard.push({ exit: reason });
  }
}
