import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Channel } from "../../src/client/index.js";
import { ModelServer } from "./model-server.js";
import { Stage } from "./stage.js";

type Step =
  | { readonly do: "push" | "broadcast" | "drop" | "expire" }
  | { readonly do: "break"; readonly seen: boolean }
  | { readonly do: "flow"; readonly most: number }
  | { readonly do: "wait"; readonly ms: number };

const faults: fc.Arbitrary<Step>[] = [
  fc.record({ do: fc.constant("push" as const) }),
  fc.record({ do: fc.constant("push" as const) }),
  fc.record({ do: fc.constant("broadcast" as const) }),
  fc.record({ do: fc.constant("drop" as const) }),
  fc.record({ do: fc.constant("break" as const), seen: fc.boolean() }),
  fc.record({ do: fc.constant("flow" as const), most: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ do: fc.constant("flow" as const), most: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(10, 300, 1_100, 40_000) }),
];
const steps = fc.array(fc.oneof(...faults), { maxLength: 80 });
const stepsWithExpiry = fc.array(fc.oneof(fc.record({ do: fc.constant("expire" as const) }), ...faults), {
  maxLength: 80,
});

/** One client and one server that both keep the contract, and a network that does not. */
class World {
  #drawn = 0;
  // The ids of pushes are drawn: they must differ.
  readonly stage = new Stage({
    random: {
      next: () => {
        this.#drawn += 1;
        return (this.#drawn * 0.618_033_988) % 1;
      },
    },
  });
  readonly server = new ModelServer();
  readonly heard: unknown[] = [];
  readonly outcomes: string[] = [];
  readonly room: Channel;
  sent = 0;
  pushed = 0;

  constructor() {
    const { socket } = this.stage;
    this.room = socket.channel("room:1");
    this.room.on("said", (payload) => this.heard.push(payload));
    this.room.join();
    socket.connect();
  }

  run(step: Step, idempotent = false): void {
    if (step.do === "push") this.push(idempotent);
    else if (step.do === "broadcast") this.broadcast();
    else if (step.do === "drop") this.stage.socket.dropConnection();
    else if (step.do === "expire") this.server.expire();
    else if (step.do === "break") this.server.break(step.seen);
    else if (step.do === "flow") this.flow(step.most);
    else if (step.do === "wait") this.stage.clock.advance(step.ms);
  }

  push(idempotent = false): void {
    const n = this.pushed;
    this.pushed += 1;
    this.outcomes[n] = "open";
    this.room
      .push("say", n, { timeoutMs: 1_000_000, idempotent })
      .receive("ok", () => (this.outcomes[n] = "ok"))
      .receive("error", () => (this.outcomes[n] = "unknown"));
  }

  broadcast(): void {
    if (this.server.broadcast("room:1", "said", this.sent) > 0) this.sent += 1;
  }

  flow(most: number): boolean {
    this.server.accept(this.stage.wires);
    return this.server.flow(most);
  }

  /** The network is well again: everything arrives, and what was lost unseen is noticed. */
  settle(): void {
    for (let round = 0; round < 100 && !this.#settled(); round += 1) {
      while (this.flow(100));
      if (!this.#settled()) this.stage.clock.advance(5_000);
    }
  }

  #settled(): boolean {
    const { socket, wire } = this.stage;
    return socket.isConnected() && this.server.serves(wire) && !this.outcomes.includes("open");
  }
}

const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

describe("on any network, with a server that keeps the session", () => {
  it("every push takes effect once and in order, and every message arrives once and in order", () => {
    fc.assert(
      fc.property(steps, (script) => {
        const world = new World();
        for (const step of script) world.run(step);
        world.settle();
        expect(world.server.violations).toEqual([]);
        expect(world.server.handled).toEqual(range(world.pushed));
        expect(world.outcomes).toEqual(range(world.pushed).map(() => "ok"));
        expect(world.heard).toEqual(range(world.sent));
        expect([world.stage.errors, world.stage.faults]).toEqual([[], []]);
      }),
      { numRuns: 300 },
    );
  });
});

describe("on any network, with a server that forgets sessions", () => {
  it("no push takes effect twice, and each ends with what really became of it", () => {
    fc.assert(
      fc.property(stepsWithExpiry, (script) => {
        const world = new World();
        for (const step of script) world.run(step);
        world.settle();
        expect(world.server.violations).toEqual([]);
        const handled = new Set(world.server.handled);
        expect(handled.size).toBe(world.server.handled.length);
        for (const n of range(world.pushed)) {
          expect(["ok", "unknown"]).toContain(world.outcomes[n]);
          if (world.outcomes[n] === "ok") expect(handled.has(n)).toBe(true);
        }
        const inOrder = [...world.heard].map(Number).sort((a, b) => a - b);
        expect(world.heard).toEqual(inOrder);
        expect(new Set(world.heard).size).toBe(world.heard.length);
        expect(world.stage.faults).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it("an idempotent push takes effect once, and its reply comes, however many sessions it takes", () => {
    fc.assert(
      fc.property(stepsWithExpiry, (script) => {
        const world = new World();
        for (const step of script) world.run(step, true);
        world.settle();
        expect(world.server.violations).toEqual([]);
        expect([...world.server.handled].sort((a, b) => Number(a) - Number(b))).toEqual(range(world.pushed));
        expect(world.outcomes).toEqual(range(world.pushed).map(() => "ok"));
        expect([world.stage.errors, world.stage.faults]).toEqual([[], []]);
      }),
      { numRuns: 300 },
    );
  });
});
