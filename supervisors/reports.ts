import { type AnyRef, type ExitReason, formatReason, type Report, type ReportLevel } from "../src/index.js";
import type { ChildId, ChildType, RestartType, Shutdown } from "./strategy/terms.js";

/**
 * What a supervisor's report is about: a child that ended, one that could not be started again, one that did not end as asked, or the end of
 * the supervisor itself because there were too many restarts.
 */
export type ErrorContext = "child_terminated" | "start_error" | "shutdown_error" | "shutdown";

/** The child that a report is about. */
export interface Offender {
  /** `undefined` for the children of a dynamic supervisor. */
  readonly id: ChildId | undefined;
  readonly ref: AnyRef | undefined;
  readonly behaviour: string;
  readonly restart: RestartType;
  readonly shutdown: Shutdown;
  readonly type: ChildType;
  readonly significant: boolean;
  /** How many children the report stands for, where several ended in the same way. */
  readonly children?: number;
}

/** What a report says of a child besides its id and ref. */
export interface OffenderPolicy {
  readonly start: { readonly name: string };
  readonly restart: RestartType;
  readonly shutdown: Shutdown;
  readonly type: ChildType;
  readonly significant?: boolean;
}

/** The child as a report shows it. */
export function offenderOf(id: ChildId | undefined, ref: AnyRef | undefined, child: OffenderPolicy): Offender {
  const { start, restart, shutdown, type, significant = false } = child;
  return { id, ref, behaviour: start.name, restart, shutdown, type, significant };
}

/** Who reports. */
export interface Reporting {
  readonly ref: AnyRef;
  readonly behaviour: string;
}

/**
 * A report of type `supervisor`, level `error`: OTP's supervisor report.
 *
 * Like that of {@link ProgressReport}, its text is made when it is read.
 */
export class SupervisorReport implements Report {
  readonly type = "supervisor";
  readonly level = "error";
  readonly #by: Reporting;
  readonly #context: ErrorContext;
  readonly #reason: ExitReason;
  readonly #offender: Offender;

  constructor(by: Reporting, context: ErrorContext, reason: ExitReason, offender: Offender) {
    this.#by = by;
    this.#context = context;
    this.#reason = reason;
    this.#offender = offender;
  }

  get text(): string {
    const { behaviour, ref } = this.#by;
    return `${behaviour} ${ref}: ${this.#context} of ${titleOf(this.#offender)}: ${formatReason(this.#reason)}`;
  }

  get details(): Readonly<Record<string, unknown>> {
    const { behaviour, ref } = this.#by;
    return { supervisor: ref, behaviour, errorContext: this.#context, reason: this.#reason, offender: this.#offender };
  }

  toJSON(): Report {
    return { type: this.type, level: this.level, text: this.text, details: this.details };
  }
}

/**
 * A report of type `progress`: a child was started.
 *
 * Its text is made when it is read: most are dropped, and a supervisor may start hundreds of thousands of children a second.
 */
export class ProgressReport implements Report {
  readonly type = "progress";
  readonly level: ReportLevel;
  readonly #by: Reporting;
  readonly #id: ChildId | undefined;
  readonly #ref: AnyRef;
  readonly #child: OffenderPolicy;

  constructor(level: ReportLevel, by: Reporting, id: ChildId | undefined, ref: AnyRef, child: OffenderPolicy) {
    this.level = level;
    this.#by = by;
    this.#id = id;
    this.#ref = ref;
    this.#child = child;
  }

  get text(): string {
    return `${this.#by.behaviour} ${this.#by.ref}: started ${titleOf(this.#started)}`;
  }

  get details(): Readonly<Record<string, unknown>> {
    return { supervisor: this.#by.ref, behaviour: this.#by.behaviour, started: this.#started };
  }

  toJSON(): Report {
    return { type: this.type, level: this.level, text: this.text, details: this.details };
  }

  get #started(): Offender {
    return offenderOf(this.#id, this.#ref, this.#child);
  }
}

function titleOf({ id, ref, behaviour, children }: Offender): string {
  if (children !== undefined) return `${children} children of ${behaviour}`;
  return [id === undefined ? "child" : `child ${JSON.stringify(id)}`, behaviour, ref?.toString()]
    .filter((part) => part !== undefined)
    .join(" ");
}
