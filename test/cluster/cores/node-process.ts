import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { CorePlace } from "../../../src/cluster/cores/core-place.js";
import type {
  EngineEvents,
  Member,
  RegisterEntry,
  RegisterWatcher,
  SendOutcome,
  SharedRegister,
  WriteOutcome,
} from "../../../src/cluster/engine.js";
import { EngineError } from "../../../src/cluster/engine-error.js";
import type { NodeIdentity } from "../../../src/cluster/node-identity.js";
import type { TestedNode } from "../../../src/testing/index.js";
import type { NodeAnswer, NodeEvent, NodeOrder } from "./engine-orders.js";

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** What stands in a test for a node of another process. */
export class NodeProcess implements TestedNode {
  readonly register: SharedRegister;
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  readonly #events: EngineEvents;
  readonly #waiting = new Map<number, Waiting>();
  readonly #watchers = new Map<number, RegisterWatcher>();
  readonly #joined: Promise<NodeIdentity>;
  #resolveJoined: (self: NodeIdentity) => void = () => undefined;
  #self: NodeIdentity | undefined;
  #last = 0;

  private constructor(script: string, place: CorePlace, events: EngineEvents) {
    this.#events = events;
    this.#joined = new Promise((resolve) => {
      this.#resolveJoined = resolve;
    });
    this.register = this.#registerOf();
    // As structured data: frames are bytes.
    this.child = fork(script, [JSON.stringify(place)], { serialization: "advanced", execArgv: [] });
    this.child.on("message", (message) => this.#heard(message as NodeAnswer | NodeEvent));
    this.ended = once(this.child, "exit").then(() => {
      for (const { reject } of this.#waiting.values()) reject(new Error("the process of the node has ended"));
    });
  }

  static async join(script: string, place: CorePlace, events: EngineEvents): Promise<NodeProcess> {
    const node = new NodeProcess(script, place, events);
    const ended = node.ended.then(() => undefined);
    node.#self = await Promise.race([node.#joined, ended]);
    if (node.#self === undefined) throw new Error(`the process of ${place.name} has ended before it joined`);
    return node;
  }

  get self(): NodeIdentity {
    if (this.#self === undefined) throw new Error("it has not joined yet");
    return this.#self;
  }

  get members(): Promise<readonly Member[]> {
    return this.#ask({ kind: "members" });
  }

  send(to: NodeIdentity, frame: Uint8Array): Promise<SendOutcome> {
    return this.#ask({ kind: "send", to, frame });
  }

  holdsPlace(): Promise<boolean> {
    return this.#ask({ kind: "holdsPlace" });
  }

  drain(): Promise<void> {
    return this.#ask({ kind: "drain" });
  }

  leave(): Promise<void> {
    return this.#ask({ kind: "leave" });
  }

  #registerOf(): SharedRegister {
    return {
      get: (key) => this.#ask<RegisterEntry | undefined>({ kind: "get", key }),
      list: (key) => this.#ask<readonly RegisterEntry[]>({ kind: "list", key }),
      put: (key, value, expected) => this.#ask<WriteOutcome>({ kind: "put", key, value, expected }),
      delete: (key, expected) => this.#ask<WriteOutcome>({ kind: "delete", key, expected }),
      watch: (key, watcher) => {
        const watch = ++this.#last;
        this.#watchers.set(watch, watcher);
        void this.#ask({ kind: "watch", watch, key }).catch(() => undefined);
        return () => {
          if (this.#watchers.delete(watch)) void this.#ask({ kind: "unwatch", watch }).catch(() => undefined);
        };
      },
    };
  }

  #ask<Result>(order: NodeOrder): Promise<Result> {
    const number = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve: (value) => resolve(value as Result), reject });
      this.child.send({ number, ...order }, (error) => {
        if (error !== null) reject(error);
      });
    });
  }

  #heard(message: NodeAnswer | NodeEvent): void {
    switch (message.event) {
      case "joined":
        return this.#resolveJoined(message.self);
      case "answer":
        return this.#settle(message.number)?.resolve(message.result);
      case "refusal":
        return this.#settle(message.number)?.reject(
          new EngineError(message.code === "not_joined" ? "not_joined" : "unreachable", message.code),
        );
      case "member":
        return this.#events.member(message.member);
      case "frame":
        return this.#events.frame(message.from, message.frame);
      case "beat":
        return this.#events.beat();
      case "fenced":
        return this.#events.fenced(message.why);
      case "changed":
        return this.#watchers.get(message.watch)?.changed(message.change);
      case "reset":
        return this.#watchers.get(message.watch)?.reset();
    }
  }

  #settle(number: number): Waiting | undefined {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    return waiting;
  }
}
