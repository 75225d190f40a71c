import type { DrainProgress, DrainView } from "../inspect/protocol/drain.js";
import type { CliIo } from "./cli-io.js";
import { formatCount, formatDuration } from "./quantities.js";
import { cutText, printable, printableJson } from "./safe-text.js";

const LEAST_STEP_MS = 1_000;
/** A drain is told in about so many lines, however long it takes. */
const LINES = 100;
const BACK = "\r";
const CLEAR_REST_OF_LINE = "\x1b[K";

/** What was asked for. */
export interface Intent {
  readonly perSecond: number;
  /** Whether new connections are refused afterwards as well. */
  readonly stayClosed: boolean;
  /** Whether a person is asked next, who has to read the plan. */
  readonly asks: boolean;
}

/**
 * Says what a drain will do and does: on a terminal in one line that changes, elsewhere in a line each second, rarer when it takes minutes; with
 * `--json` in lines of JSON, where all else goes to standard error.
 */
export class DrainOutput {
  readonly #io: CliIo;
  readonly #json: boolean;
  readonly #isChanging: boolean;
  #hasOpenLine = false;
  #nextAtMs = 0;

  constructor(io: CliIo, json: boolean) {
    this.#io = io;
    this.#json = json;
    this.#isChanging = io.isTerminal && !json && io.env["TERM"] !== "dumb";
  }

  /** What will happen, or what is happening already. */
  plan({ system, endpoint, clients, drain }: DrainView, { perSecond, stayClosed, asks }: Intent): void {
    const running = drain?.state === "running" ? drain : undefined;
    const takesMs = Math.ceil((clients / perSecond) * 1_000);
    if (this.#json) {
      const plan =
        running === undefined
          ? { perSecond, takesMs, ...(stayClosed ? { stayClosed } : {}) }
          : { running: true, perSecond: running.perSecond };
      this.#line({ type: "plan", system, endpoint, clients, ...plan });
      if (!asks || running !== undefined || clients === 0) return;
    }
    const say = (text: string): void => (this.#json ? this.#io.err(text) : this.#io.out(text));
    say(`${printable(system.name)}  pid ${system.pid}  ${printable(endpoint)}  ${clientsText(clients)} connected\n`);
    if (running !== undefined) {
      say(
        `A drain is under way already, of ${clientsText(running.total)} at ${running.perSecond} a second. Watching it.\n`,
      );
    } else {
      if (clients > 0) {
        const within = formatDuration(takesMs);
        say(
          `At ${perSecond} a second all are told within ${within} to come back, each at its own moment,\nto whoever answers then. `,
        );
      }
      if (stayClosed) say(`This server takes no new connections any more.\n`);
      else if (clients > 0) say(`Until then this server takes no new connections.\n`);
    }
  }

  /** There was nobody to hand over. @returns the exit code */
  nobody(): number {
    if (this.#json) this.#line({ type: "end", state: "done", total: 0, left: 0, elapsedMs: 0 });
    else this.#io.out("Nobody is connected: there is nothing to do.\n");
    return 0;
  }

  /** How far it has come; left out when the last line is not long ago. */
  progress(drain: DrainProgress): void {
    const { total, left, perSecond, elapsedMs } = drain;
    if (!this.#isChanging) {
      if (elapsedMs < this.#nextAtMs) return;
      this.#nextAtMs = elapsedMs + Math.max(LEAST_STEP_MS, ((total / perSecond) * 1_000) / LINES);
    }
    const told = elapsedMs > 0 ? ((total - left) / elapsedMs) * 1_000 : 0;
    const leftMs = Math.ceil((left / perSecond) * 1_000);
    if (this.#json) {
      const ratePerSecond = Math.round(told * 10) / 10;
      this.#line({ type: "progress", total, left, perSecond, ratePerSecond, elapsedMs, leftMs });
      return;
    }
    const rate = elapsedMs > 0 ? `${formatRate(told)} a second, ` : "";
    const text = `${formatCount(left)} of ${clientsText(total)} left, ${rate}${formatDuration(leftMs)} to go`;
    if (!this.#isChanging) {
      this.#io.out(`${text}\n`);
      return;
    }
    this.#hasOpenLine = true;
    // One column stays free: a line that fills its row begins a new one on some terminals.
    this.#io.out(BACK + cutText(text, this.#io.size().columns - 1, "…") + CLEAR_REST_OF_LINE);
  }

  /** How it ended. @returns whether all have been told */
  end({ state, total, left, elapsedMs, reason }: DrainProgress, closed: boolean): boolean {
    this.#erase();
    const isDone = state === "done";
    if (this.#json)
      this.#line({ type: "end", state, total, left, elapsedMs, ...(reason === undefined ? {} : { reason }) });
    else if (isDone) this.#io.out(`Done: ${clientsText(total)} told to come back, in ${formatDuration(elapsedMs)}.\n`);
    if (isDone && closed && !this.#json) {
      this.#io.out("New connections are refused until the server stops, or: holdfast drain --cancel\n");
    }
    if (!isDone) {
      const why = reason === undefined ? "" : `: ${printable(reason)}`;
      const how = state === "cancelled" ? "was cancelled" : "broke off";
      this.#io.err(
        `holdfast: The drain ${how} after ${formatDuration(elapsedMs)} with about ${clientsText(left)} left${why}\n`,
      );
    }
    return isDone;
  }

  /** It was cancelled, or there was none; new connections are taken. */
  cancelled({ system, endpoint, clients, drain }: DrainView): void {
    const { total, left } = drain?.state === "cancelled" ? drain : { total: 0, left: 0 };
    if (this.#json) return this.#line({ type: "cancelled", system, endpoint, clients, total, left });
    const what =
      drain?.state === "cancelled"
        ? `Cancelled: ${formatCount(left)} of ${clientsText(total)} stay.`
        : "No drain is under way.";
    this.#io.out(`${what} ${printable(endpoint)} takes new connections.\n`);
  }

  /** The user has seen enough. */
  unwatched({ total, left, elapsedMs }: DrainProgress, pid: number): void {
    this.#erase();
    if (this.#json) this.#line({ type: "unwatched", total, left, elapsedMs });
    this.#io.err(
      `holdfast: Stopped watching. The drain goes on: ${formatCount(left)} of ${clientsText(total)} left. To see it again: holdfast drain --pid ${pid}\n`,
    );
  }

  /** Leaves the line that changes, for an error to be told. */
  breakOff(): void {
    if (this.#hasOpenLine) this.#io.out("\n");
    this.#hasOpenLine = false;
  }

  #erase(): void {
    if (this.#hasOpenLine) this.#io.out(BACK + CLEAR_REST_OF_LINE);
    this.#hasOpenLine = false;
  }

  #line(data: Readonly<Record<string, unknown>>): void {
    this.#io.out(`${printableJson(JSON.stringify(data))}\n`);
  }
}

function clientsText(count: number): string {
  return `${formatCount(count)} ${count === 1 ? "client" : "clients"}`;
}

function formatRate(perSecond: number): string {
  return perSecond < 10 ? perSecond.toFixed(1) : formatCount(Math.round(perSecond));
}
