/**
 * Casts, calls and broadcasts from one process to another on the same machine.
 *
 * Holdfast: from an actor of one core to one of the other. comedy: from the parent to the actor that it has forked, which is its shortest way.
 * The raw socket has no actors: messages of the same bytes, as many of them in a frame, written and read by hand.
 *
 * @import { Durations } from "../micro/meter.mjs"
 */
import { resolve } from "node:path";
import { BENCH } from "../harness/context.mjs";
import { startForkedComedy } from "../harness/packages.mjs";
import { BATCH, Meter } from "../micro/meter.mjs";
import { callOn, countCalls, countCasts, cpuOfBoth, timeCalls, warmed } from "./drive.mjs";
import { startOnCores } from "./on-cores.mjs";
import { connectRaw } from "./raw-link.mjs";

/** How many casts can share a frame. */
const TOGETHER = [1, 10, 100, BATCH];
const CLIENTS = 256;
/** A part of a run may take that long. */
const PART_MS = 120_000;
/** Whom comedy's program tells by hand of what would be a broadcast. */
const BROADCASTS = 100;

/** @param {Durations} durations */
export async function holdfast(durations) {
  const { system, find } = await startOnCores("cluster/two-cores.mjs", 2);
  try {
    const driver = (await find("driver-core-1")).callWithin(PART_MS);
    return await measure({
      casts: (together) => driver.casts(together, durations),
      call: () => driver.call(durations),
      calls: () => driver.calls(CLIENTS, durations),
      broadcasts: () => driver.broadcasts(durations),
    });
  } finally {
    await system.stop();
  }
}

/** @param {Durations} durations */
export async function comedy(durations) {
  const { actor, stop } = await startForkedComedy(resolve(BENCH, "cluster/comedy-adder.mjs"));
  /** @type {import("./drive.mjs").Link} */
  const link = {
    cast: (k) => void actor.send("add", k),
    handled: () => actor.sendAndReceive("handled"),
    call: (k) => actor.sendAndReceive("add", k),
    usage: () => actor.sendAndReceive("usage"),
  };
  try {
    return await measure({
      // It writes each message by itself, however many there are.
      casts: (together) => (together === 1 || together === BATCH ? countCasts(link, together, durations) : undefined),
      call: () => timeCalls(link, durations),
      calls: () => countCalls(link, (meter) => clientsOf(link, meter), durations),
      broadcasts: () => comedyBroadcasts(actor, durations),
    });
  } finally {
    await stop();
  }
}

/** @param {Durations} durations */
export async function raw(durations) {
  const { link, stop } = await connectRaw();
  try {
    return await measure({
      casts: (together) => countCasts(link, together, durations),
      call: () => timeCalls(link, durations),
      calls: () => countCalls(link, (meter) => clientsOf(link, meter), durations),
      broadcasts: () => undefined,
    });
  } finally {
    await stop();
  }
}

/**
 * @typedef {{ rate: number, us: number }} Count
 * @typedef {Count | undefined | Promise<Count | undefined>} Counted
 *
 * @param {{ casts: (together: number) => Counted, call: () => Promise<{ rate: number, p50: number, p99: number }>,
 *   calls: () => Counted, broadcasts: () => Counted }} parts
 */
async function measure({ casts, call, calls, broadcasts }) {
  /** @type {Record<string, number>} */ const values = {};
  /** @param {string} name @param {Count | undefined} count */
  const note = (name, count) => {
    if (count === undefined) return;
    values[name] = count.rate;
    values[`${name}-cpu`] = count.us;
  };
  for (const together of TOGETHER) note(`cast-${together}`, await casts(together));
  const { rate, p50, p99 } = await call();
  Object.assign(values, { "call-1": rate, "call-p50": p50, "call-p99": p99 });
  note(`call-${CLIENTS}`, await calls());
  note("broadcast", await broadcasts());
  return values;
}

/**
 * @param {import("./drive.mjs").Link} link
 * @param {Meter} meter
 */
function clientsOf(link, meter) {
  return Array.from({ length: CLIENTS }, () => callOn(link, meter));
}

/**
 * One message to the other process, whose handler calls a hundred functions.
 *
 * @param {import("../harness/packages.mjs").ComedyActor} actor
 * @param {Durations} durations
 * @returns {Promise<Count>}
 */
async function comedyBroadcasts(actor, durations) {
  let sent = 0;
  let heard = 0;
  const link = { usage: () => actor.sendAndReceive("usage") };
  const found = await warmed(durations, async (stretch) => {
    const meter = new Meter(stretch);
    const earlier = sent;
    const us = await cpuOfBoth(link, async () => {
      do {
        for (let n = 0; n < BROADCASTS; n++) void actor.send("broadcast", { n });
        sent += BROADCASTS;
        heard = await actor.sendAndReceive("heard");
      } while (meter.tick(BROADCASTS));
      // Its answers may overtake what was sent before.
      while (heard < sent) heard = await actor.sendAndReceive("heard");
    });
    return { rate: await meter.rate, us: us / (sent - earlier) };
  });
  return found;
}
