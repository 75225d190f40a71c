import { TransportError } from "../transport-error.js";
import { type AddressTest, compileAddresses } from "./address-list.js";
import type { ForwardedHeader, ProxyTrust } from "./client-address.js";
import type { MessageRules } from "./message-rate.js";
import type { BucketRule } from "./token-bucket.js";

/** The numbers of an admission with their defaults. Each may be `Infinity`, which switches it off. */
export const ADMISSION_DEFAULTS = {
  newPerSecond: 5_000,
  newBurst: 10_000,
  resumePerSecond: 5_000,
  resumeBurst: 20_000,
  addressPerSecond: 100,
  addressBurst: 1_000,
  connectionsPerAddress: 1_000,
  pendingPerAddress: 500,
  connectionsPerUser: 50,
  pendingConnections: 10_000,
  loopDelayMs: 1_000,
  authTimeoutMs: 10_000,
  messagesPerSecond: 10_000,
  messagesBurst: 20_000,
  bytesPerSecond: 16 * 1024 * 1024,
  bytesBurst: 16 * 1024 * 1024,
  userMessagesPerSecond: 20_000,
  userMessagesBurst: 40_000,
  userBytesPerSecond: 32 * 1024 * 1024,
  userBytesBurst: 32 * 1024 * 1024,
  replaysAtATime: 8,
  rememberedAddresses: 10_000,
  rememberedUsers: 10_000,
} as const;

type AdmissionNumbers = { readonly [Name in keyof typeof ADMISSION_DEFAULTS]: number };

/** How an endpoint admits clients; docs/reference/options.md has each option with its default. */
export interface AdmissionOptions extends Partial<AdmissionNumbers> {
  /** The addresses and networks of proxies that say for whom they speak; none by default. */
  readonly trustedProxies?: readonly string[];
  /** The header in which they say it; `"x-forwarded-for"` by default. The other one is never read. */
  readonly forwardedHeader?: ForwardedHeader;
  /** Addresses and networks to which the limits by address do not apply; this machine's own by default. */
  readonly exemptAddresses?: readonly string[];
}

/** The bounds of a session that those of admission have to leave room for. */
export interface SessionBounds {
  readonly windowMessages: number;
  readonly windowBytes: number;
  readonly payloadBytes: number;
}

/** The options of an admission, checked and in the form that it works with. */
export interface AdmissionRules extends AdmissionNumbers {
  readonly lanes: { readonly new: BucketRule; readonly resume: BucketRule };
  readonly address: BucketRule;
  readonly messages: MessageRules;
  /** What all connections of one user may send together. */
  readonly userMessages: MessageRules;
  readonly trust: ProxyTrust;
  readonly isExempt: AddressTest;
}

const LOOPBACK: readonly string[] = ["127.0.0.0/8", "::1"];
const LISTS = ["trustedProxies", "forwardedHeader", "exemptAddresses"];
const HEADERS: readonly unknown[] = ["x-forwarded-for", "forwarded"] satisfies ForwardedHeader[];

/**
 * Checks the options and fills in the defaults.
 *
 * A client that resumes sends again what was not acknowledged, all at once, up to its window: a burst below that would refuse it for ever,
 * so it is refused here.
 *
 * @throws {TransportError} `bad_option` for an unknown name, a number below 1, a list with something else than addresses, or a burst that
 *   is below the window
 */
export function resolveAdmission(options: AdmissionOptions = {}, bounds?: SessionBounds): AdmissionRules {
  if (typeof options !== "object" || options === null) throw badOption("admission", "an object", options);
  const numbers: Record<string, number> = { ...ADMISSION_DEFAULTS };
  for (const [name, value] of Object.entries(options)) {
    if (LISTS.includes(name) || value === undefined) continue;
    if (!Object.hasOwn(ADMISSION_DEFAULTS, name)) {
      const known = [...Object.keys(ADMISSION_DEFAULTS), ...LISTS].join(", ");
      throw new TransportError("bad_option", `Unknown option ${JSON.stringify(name)} of admission; there are ${known}`);
    }
    if (typeof value !== "number" || !(value >= 1)) throw badOption(name, "a number from 1, or Infinity", value);
    numbers[name] = value;
  }
  const all: AdmissionNumbers = { ...ADMISSION_DEFAULTS, ...numbers };
  if (bounds !== undefined) {
    checkRoom("messagesBurst", all.messagesBurst, bounds.windowMessages, "windowMessages");
    checkRoom("userMessagesBurst", all.userMessagesBurst, bounds.windowMessages, "windowMessages");
    const bytes = Math.max(bounds.windowBytes, bounds.payloadBytes);
    checkRoom("bytesBurst", all.bytesBurst, bytes, "windowBytes");
    checkRoom("userBytesBurst", all.userBytesBurst, bytes, "windowBytes");
  }
  const header = options.forwardedHeader ?? "x-forwarded-for";
  if (!HEADERS.includes(header)) throw badOption("forwardedHeader", '"x-forwarded-for" or "forwarded"', header);
  return {
    ...all,
    lanes: {
      new: { perSecond: all.newPerSecond, burst: all.newBurst },
      resume: { perSecond: all.resumePerSecond, burst: all.resumeBurst },
    },
    address: { perSecond: all.addressPerSecond, burst: all.addressBurst },
    messages: {
      messages: { perSecond: all.messagesPerSecond, burst: all.messagesBurst },
      bytes: { perSecond: all.bytesPerSecond, burst: all.bytesBurst },
    },
    userMessages: {
      messages: { perSecond: all.userMessagesPerSecond, burst: all.userMessagesBurst },
      bytes: { perSecond: all.userBytesPerSecond, burst: all.userBytesBurst },
    },
    trust: { header, isTrusted: compileAddresses("trustedProxies", options.trustedProxies ?? []) },
    isExempt: compileAddresses("exemptAddresses", options.exemptAddresses ?? LOOPBACK),
  };
}

function checkRoom(name: string, burst: number, least: number, limit: string): void {
  if (burst >= least) return;
  throw badOption(name, `at least ${limit}, ${least}, which a client may send at once when it resumes`, burst);
}

function badOption(name: string, expected: string, came: unknown): TransportError {
  const shown = typeof came === "string" ? JSON.stringify(came.slice(0, 60)) : String(came);
  return new TransportError("bad_option", `Expected the option ${name} of admission to be ${expected}, got ${shown}`);
}
