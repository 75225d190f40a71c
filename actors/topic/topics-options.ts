import { BadArgumentError, whatCame } from "../../src/index.js";
import type { BucketRule } from "../../src/transport/admission/token-bucket.js";
import type { RetainedLimits } from "./retained-table.js";
import type { SubscriberLimits } from "./subscriber-table.js";
import type { LogRule, LogsLimits } from "./topic-logs.js";
import { checkPattern } from "./topic-name.js";
import type { TopicRule } from "./topic-rules.js";

/** How much is kept of a topic for who comes back: each bound lets the oldest go. */
export interface TopicLogOptions {
  /** Most messages; 1,000 by default. */
  readonly messages?: number;
  /** Most bytes, as JSON; 1 MiB by default. */
  readonly bytes?: number;
  /** The longest that a message is kept, in milliseconds; for ever by default. */
  readonly ageMs?: number;
}

/** How often something may be published. */
export interface PublishRate {
  /** Messages a second, on average. */
  readonly perSecond: number;
  /** How many may come at once after a rest; as many as in a second by default. */
  readonly burst?: number;
}

/** What holds for the topics that match a pattern. */
export interface TopicSettings {
  /** Keeps the latest messages, each with its position; no log by default. */
  readonly log?: TopicLogOptions;
  /** How often anybody may publish on each of these topics; no limit by default. */
  readonly rate?: PublishRate;
}

/** What topics are given at their start. */
export interface TopicsOptions {
  /** The name under which `topicsOf` finds them, unique in the system; `"topics"` by default. */
  readonly name?: string;
  /** The name of this node for `publishTo`; that of the system by default. */
  readonly node?: string;
  /** Settings by topic, or by pattern; the first that matches holds. */
  readonly topics?: Readonly<Record<string, TopicSettings>>;
  /** How often one publisher may publish, on all topics together; no limit by default. */
  readonly publisherRate?: PublishRate;
  /** Most subscriptions of actors; 1,000,000 by default. */
  readonly maxSubscriptions?: number;
  /** Most subscriptions of one actor; 1,000 by default. */
  readonly subscriptionsPerActor?: number;
  /** Most topics with a log, and so with a position; 10,000 by default. Above, the one that was quiet for the longest loses both. */
  readonly maxLogs?: number;
  /** Most bytes of all logs; 64 MiB by default. Above, the topic that was quiet for the longest loses its messages. */
  readonly logBytes?: number;
  /** Most topics with a retained message; 10,000 by default. */
  readonly maxRetained?: number;
  /** Most bytes of all retained messages; 16 MiB by default. */
  readonly retainedBytes?: number;
  /** Most messages that are on their way to actors, those to many; 1,000 by default. */
  readonly maxPending?: number;
}

/** Options of topics with every default filled in. */
export interface CheckedTopicsOptions extends SubscriberLimits, LogsLimits, RetainedLimits {
  readonly name: string;
  readonly node: string | undefined;
  readonly rules: readonly (readonly [pattern: string, rule: TopicRule])[];
  readonly publisherRate: BucketRule | undefined;
  readonly maxPending: number;
  /** Whether anything but the name was given. */
  readonly isConfigured: boolean;
}

/** The name of topics that are given none. */
export const DEFAULT_TOPICS = "topics";

const MIB = 1_048_576;
const OPTIONS: ReadonlySet<string> = new Set<keyof TopicsOptions>([
  "name",
  "node",
  "topics",
  "publisherRate",
  "maxSubscriptions",
  "subscriptionsPerActor",
  "maxLogs",
  "logBytes",
  "maxRetained",
  "retainedBytes",
  "maxPending",
]);

/**
 * Checks the options of topics and fills in the defaults.
 *
 * @throws {BadArgumentError} for the first that cannot be used
 */
export function checkTopicsOptions(options: TopicsOptions = {}): CheckedTopicsOptions {
  checkObject("an object", options);
  for (const option of Object.keys(options)) {
    if (!OPTIONS.has(option)) throw wrong(`one of ${[...OPTIONS].join(", ")}`, option);
  }
  const { name = DEFAULT_TOPICS, node, topics = {}, publisherRate } = options;
  const { maxSubscriptions = 1_000_000, subscriptionsPerActor = 1_000, maxPending = 1_000 } = options;
  const { maxLogs = 10_000, logBytes = 64 * MIB, maxRetained = 10_000, retainedBytes = 16 * MIB } = options;
  for (const [option, value] of Object.entries({ name, node: node ?? name })) {
    if (typeof value !== "string" || value === "") throw wrong(`${option} to be a text that is not empty`, value);
  }
  const counts = { maxSubscriptions, subscriptionsPerActor, maxPending, maxLogs, logBytes, maxRetained, retainedBytes };
  for (const [option, value] of Object.entries(counts)) {
    if (!Number.isSafeInteger(value) || value < 1) throw wrong(`${option} to be a whole number from 1`, value);
  }
  checkObject("topics to be an object of settings by topic", topics);
  return {
    ...counts,
    name,
    node,
    rules: Object.entries(topics).map(([pattern, settings]) => [pattern, ruleOf(pattern, settings)]),
    publisherRate: bucketOf("publisherRate", publisherRate),
    isConfigured: Object.keys(options).some((option) => option !== "name"),
  };
}

function ruleOf(pattern: string, settings: TopicSettings): TopicRule {
  checkPattern(pattern);
  checkObject(`the settings of ${pattern} to be an object`, settings);
  const { log, rate } = settings;
  return { log: log === undefined ? undefined : logOf(pattern, log), rate: bucketOf(`the rate of ${pattern}`, rate) };
}

function logOf(pattern: string, log: TopicLogOptions): LogRule {
  checkObject(`the log of ${pattern} to be an object`, log);
  const { messages = 1_000, bytes = MIB, ageMs = Infinity } = log;
  for (const [bound, value] of Object.entries({ messages, bytes })) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw wrong(`${bound} of the log of ${pattern} to be a whole number from 1`, value);
  }
  if (typeof ageMs === "number" && ageMs > 0) return { messages, bytes, ageMs };
  throw wrong(`ageMs of the log of ${pattern} to be a number of milliseconds above 0`, ageMs);
}

function bucketOf(what: string, rate: PublishRate | undefined): BucketRule | undefined {
  if (rate === undefined) return undefined;
  checkObject(`${what} to be { perSecond, burst }`, rate);
  const { perSecond, burst = Math.max(1, perSecond) } = rate;
  if (!Number.isFinite(perSecond) || perSecond <= 0) throw wrong(`perSecond of ${what} to be above 0`, perSecond);
  if (!Number.isFinite(burst) || burst < 1) throw wrong(`burst of ${what} to be a number from 1`, burst);
  return { perSecond, burst };
}

function checkObject(expected: string, value: unknown): void {
  if (typeof value !== "object" || value === null) throw wrong(expected, value);
}

function wrong(expected: string, value: unknown): BadArgumentError {
  return new BadArgumentError(`Expected of the options of topics ${expected}, got ${whatCame(value)}`);
}
