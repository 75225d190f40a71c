import type { Overflow } from "../../actors/channel/overflow.js";
import type { Part } from "./life.js";
import type { Refusal } from "./room.js";
import type { Way } from "./ways.js";

/** One thing that the simulation does; numbers name clients and topics, and wrap around where there are fewer. */
export type Step =
  | {
      readonly do: "push";
      readonly client: number;
      readonly topic: number;
      readonly count: number;
      readonly slowMs: number;
      readonly idempotent: boolean;
      readonly binary: boolean;
    }
  | {
      readonly do: "publish";
      readonly topic: number;
      readonly count: number;
      readonly bytes: number;
      readonly binary: boolean;
    }
  | { readonly do: "wait"; readonly ms: number }
  // Of the network.
  | {
      readonly do: "cut";
      readonly client: number;
      readonly inFlight: "lost" | "delivered" | "late" | "overtaken";
      readonly lateMs: number;
    }
  | { readonly do: "half_open"; readonly client: number; readonly alive: "client" | "server" }
  | { readonly do: "black_hole"; readonly client: number }
  | { readonly do: "stall"; readonly client: number; readonly ms: number }
  | { readonly do: "slow_reader"; readonly client: number; readonly bytesPerSecond: number }
  | {
      readonly do: "close";
      readonly client: number;
      readonly code: number;
      readonly told: "client" | "server" | "both";
    }
  | { readonly do: "unplug"; readonly ms: number }
  | { readonly do: "black_out"; readonly ms: number }
  | { readonly do: "drop"; readonly client: number }
  // Of the server.
  | { readonly do: "crash_connection"; readonly client: number }
  | { readonly do: "crash_channel"; readonly client: number; readonly topic: number; readonly how: "throw" | "kill" }
  // So many times, each time when it is back.
  | { readonly do: "crash_session"; readonly client: number; readonly times?: number }
  | { readonly do: "crash_server"; readonly part: Part }
  | { readonly do: "kill_process" }
  // The machine loses its power: what was being written may be torn.
  | { readonly do: "power_loss" }
  // The next time that a channel is to come back after a crash it does not.
  | { readonly do: "refuse_restore"; readonly client: number; readonly topic: number; readonly how: Refusal }
  // Of its disk.
  | { readonly do: "disk_fails"; readonly times: number }
  | { readonly do: "disk_stuck"; readonly ms: number }
  | { readonly do: "drain" }
  // All clients are told to come back, each at its own moment.
  | { readonly do: "hand_over"; readonly perSecond: number }
  | { readonly do: "kick"; readonly client: number }
  // Of clients. With `atOnce` a client gives up the connection that it has.
  | { readonly do: "switch"; readonly client: number; readonly way: Way; readonly atOnce: boolean }
  | { readonly do: "rejoin"; readonly client: number; readonly topic: number }
  | { readonly do: "second_tab"; readonly client: number; readonly acknowledges: boolean }
  | { readonly do: "steal"; readonly client: number };

/** Who is there, and within which bounds. */
export interface World {
  readonly clients: number;
  /** How many clients of npm `phoenix` there are besides. */
  readonly stockClients: number;
  /** The policies of the topics, one for each. */
  readonly topics: readonly Overflow[];
  /** The ways on which clients begin, in turn. */
  readonly ways: readonly Way[];
  /** Of so many answers over HTTP one breaks off in its middle; 0 for none. */
  readonly cutAnswerOneOf: number;
  readonly latencyMs: readonly [number, number];
  readonly ttlMs: number;
  readonly windowMessages: number;
  /** Whether all that is kept for clients has narrow bounds. */
  readonly small: boolean;
  /** Of so many numbered messages one is sent twice; 0 for none. */
  readonly repeatOneOf: number;
  /** Whether only the network fails, so that no session may be lost. */
  readonly gentle: boolean;
  /** Whether sessions are kept in a store, which outlives the server's process: then nothing may be lost with that, or with a session's actor. */
  readonly durable: boolean;
  /** How long a channel takes for the snapshot that makes up for a gap; without it there are none. */
  readonly snapshotMs?: number;
}

/** A world and what happens in it. */
export interface Schedule {
  readonly seed: number;
  readonly world: World;
  readonly steps: readonly Step[];
}

/** Writes a step as one word and its details. */
export function describeStep(step: { readonly do: string } & Readonly<Record<string, unknown>>): string {
  const details = Object.entries(step).flatMap(([name, value]) => (name === "do" ? [] : [`${name} ${String(value)}`]));
  return details.length === 0 ? step.do : `${step.do} (${details.join(", ")})`;
}
