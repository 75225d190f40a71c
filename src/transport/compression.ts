import { TransportError } from "./transport-error.js";

/** How messages over WebSocket are compressed (permessage-deflate, RFC 7692), for clients that offer it. */
export interface CompressionOptions {
  /** Messages below this many bytes go out as they are; 1,024 by default. */
  readonly thresholdBytes?: number;
  /** How many messages of the whole process are compressed or inflated at a time; 10 by default. The first server of a process decides. */
  readonly concurrency?: number;
  /** Whether what was learned of earlier messages is kept for later ones: better ratios for small messages; `false` by default. */
  readonly contextTakeover?: boolean;
  /** zlib's effort, 1 to 9; 3 by default. */
  readonly level?: number;
  /** The window in which the server looks for repetitions, 9 to 15 bits; 13 by default, which is 8 KiB and takes 96 KiB of memory a connection. */
  readonly windowBits?: number;
}

/** The options with their defaults. */
export type ResolvedCompression = Required<CompressionOptions>;

const DEFAULTS: ResolvedCompression = {
  thresholdBytes: 1_024,
  concurrency: 10,
  contextTakeover: false,
  level: 3,
  windowBits: 13,
};
const BOUNDS: Readonly<Record<string, readonly [least: number, most: number]>> = {
  thresholdBytes: [0, 0x3fff_ffff],
  concurrency: [1, 1_000],
  level: [1, 9],
  windowBits: [9, 15],
};
const OFFER = /(^|,)\s*permessage-deflate\s*(;|,|$)/i;
const OWN_WINDOW = /server_max_window_bits/i;

/**
 * Checks the option `compression` and fills in the defaults; `undefined` for none.
 *
 * @throws {TransportError} `bad_option`
 */
export function resolveCompression(option: boolean | CompressionOptions | undefined): ResolvedCompression | undefined {
  if (option === undefined || option === false) return undefined;
  if (option === true) return DEFAULTS;
  if (typeof option !== "object" || option === null) throw bad("must be true, false or an object");
  for (const [name, value] of Object.entries(option)) {
    const bounds = BOUNDS[name];
    if (name === "contextTakeover") {
      if (value !== undefined && typeof value !== "boolean") throw bad("contextTakeover must be true or false");
    } else if (bounds === undefined) throw bad(`has no ${name}; there are ${Object.keys(DEFAULTS).join(", ")}`);
    else if (value !== undefined && !isBetween(value, bounds)) {
      throw bad(`${name} must be a whole number from ${bounds[0]} to ${bounds[1]}, got ${String(value)}`);
    }
  }
  return { ...DEFAULTS, ...option };
}

/**
 * Tells whether a client offers permessage-deflate in its `Sec-WebSocket-Extensions`.
 *
 * An offer that prescribes the server's window is declined: the client is served without compression.
 */
export function offersCompression(header: string | undefined): boolean {
  return header !== undefined && OFFER.test(header) && !OWN_WINDOW.test(header);
}

function isBetween(value: unknown, [least, most]: readonly [number, number]): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
}

function bad(message: string): TransportError {
  return new TransportError("bad_option", `compression ${message}`);
}
