import type { Client } from "pg";
import type { PostgresConfig } from "./postgres-options.js";
import { PostgresError } from "./postgres-error.js";

/** What a query brought. */
export interface PostgresResult<Row = Readonly<Record<string, unknown>>> {
  readonly rows: readonly Row[];
  /** How many rows were selected or changed; `null` for statements that count none. */
  readonly rowCount: number | null;
}

/**
 * A connection to PostgreSQL, as a lease manager lends it.
 *
 * Await every query before the lease is returned, and end every transaction: a connection that comes back in the middle of something is closed, not
 * lent on. What `set`, `listen` and their kin changed stays for the next holder.
 */
export class PostgresConnection {
  readonly #client: Client;
  readonly #brokenListeners: ((reason: unknown) => void)[] = [];
  #underWay = 0;
  #ended: { readonly reason: unknown } | undefined;

  private constructor(client: Client) {
    this.#client = client;
    // Without a listener an error on an idle connection would end the process.
    client.on("error", (error) => this.#end(error));
    client.on("end", () => this.#end(undefined));
  }

  /**
   * Connects. When the signal is aborted it gives up at once.
   *
   * @throws {PostgresError} `pg_missing` if the package `pg` cannot be loaded
   * @throws {Error} pg's own, if there is no connection
   */
  static async open(config: PostgresConfig, signal: AbortSignal): Promise<PostgresConnection> {
    const { Client } = await loadPg();
    signal.throwIfAborted();
    const connection = new PostgresConnection(new Client({ ...config }));
    const giveUp = (): void => connection.#cut();
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      await connection.#client.connect();
      return connection;
    } catch (error) {
      connection.#cut();
      throw error;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  /** The client of `pg` underneath, for what is not here. Its queries are not seen here: await them. */
  get client(): object {
    return this.#client;
  }

  /** Whether it can still be used. */
  get open(): boolean {
    return this.#ended === undefined;
  }

  /** Whether nothing is under way on it: no query, no transaction. */
  get idle(): boolean {
    return this.open && this.#underWay === 0 && this.#client.getTransactionStatus() === "I";
  }

  /**
   * Runs a statement, with `$1`, `$2`, … standing for the values.
   *
   * @throws {PostgresError} `connection_closed` when the connection was closed before
   * @throws {Error} pg's own: what the server answers, or that the connection was lost
   */
  async query<Row = Readonly<Record<string, unknown>>>(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<PostgresResult<Row>> {
    if (this.#ended !== undefined) {
      throw new PostgresError(
        "connection_closed",
        "Expected an open connection, this one was closed: the lease on it is lost. Ask for another one.",
        { cause: this.#ended.reason },
      );
    }
    this.#underWay++;
    try {
      const { rows, rowCount } = await this.#client.query(text, [...values]);
      // What a row is like only the statement knows.
      return { rows: rows as readonly Row[], rowCount };
    } finally {
      this.#underWay--;
    }
  }

  /** Runs a function between `begin` and `commit`; with `rollback` instead when it throws. */
  async transaction<Result>(run: (connection: this) => Result | Promise<Result>): Promise<Result> {
    await this.query("begin");
    try {
      const result = await run(this);
      await this.query("commit");
      return result;
    } catch (error) {
      // What went wrong first is what counts: a connection whose rollback fails too is not idle, and is closed when it comes back.
      if (this.open) await this.query("rollback").catch(() => undefined);
      throw error;
    }
  }

  /** Calls the listener once, when the connection is lost otherwise than by {@link PostgresConnection.close}; at once when it is. */
  onBroken(listener: (reason: unknown) => void): void {
    if (this.#ended === undefined) this.#brokenListeners.push(listener);
    else listener(this.#ended.reason);
  }

  /** Says good-bye to the server, or cuts the line when a query is under way or the signal is aborted. */
  async close(signal: AbortSignal): Promise<void> {
    this.#brokenListeners.length = 0;
    this.#ended ??= { reason: undefined };
    const cut = (): void => this.#cut();
    if (this.#underWay > 0 || signal.aborted) return cut();
    signal.addEventListener("abort", cut, { once: true });
    try {
      await this.#client.end();
    } finally {
      signal.removeEventListener("abort", cut);
    }
  }

  #end(reason: unknown): void {
    if (this.#ended !== undefined) return;
    this.#ended = { reason };
    for (const listener of this.#brokenListeners.splice(0)) listener(reason);
    this.#cut();
  }

  #cut(): void {
    this.#ended ??= { reason: undefined };
    this.#brokenListeners.length = 0;
    socketOf(this.#client)?.destroy();
  }
}

// pg has no public way to let go of a server that no longer answers: end() waits for it.
function socketOf(client: object): { destroy(): void } | undefined {
  const connection: unknown = "connection" in client ? client.connection : undefined;
  if (typeof connection !== "object" || connection === null || !("stream" in connection)) return undefined;
  const { stream } = connection;
  return isDestroyable(stream) ? stream : undefined;
}

function isDestroyable(stream: unknown): stream is { destroy(): void } {
  return typeof stream === "object" && stream !== null && "destroy" in stream && typeof stream.destroy === "function";
}

async function loadPg() {
  try {
    return await import("pg");
  } catch (cause) {
    throw new PostgresError(
      "pg_missing",
      `Expected the package pg, which connections to PostgreSQL are made with, got: ${String(cause)}. Install it with "npm install pg"`,
      { cause },
    );
  }
}
