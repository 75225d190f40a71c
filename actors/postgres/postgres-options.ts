import { BadArgumentError, whatCame } from "../../src/index.js";
import type { PostgresConnection } from "./postgres-connection.js";

/** How the line to the server is secured; the names are those of `node:tls`. */
export interface PostgresTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/** Where the server is and who asks: what the package `pg` takes for a client. What is left out it reads from `PGHOST` and its kin. */
export interface PostgresConfig {
  readonly connectionString?: string;
  /** A host name, or the directory of the server's Unix socket. */
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string | (() => string | Promise<string>);
  readonly database?: string;
  readonly ssl?: boolean | PostgresTls;
  readonly application_name?: string;
  /** After how many milliseconds the server gives a statement up. Set it below `leaseMs`. */
  readonly statement_timeout?: number;
  /** Whether the operating system is to notice a server that is gone. */
  readonly keepAlive?: boolean;
}

/** How connections to PostgreSQL are made. */
export interface PostgresOptions {
  /** Where the server is and who asks. */
  readonly config?: PostgresConfig;
  /** Run once on each new connection, before it is lent: `set` statements, for instance. One that throws counts as a connection that failed. */
  readonly prepare?: (connection: PostgresConnection) => void | Promise<void>;
  /** Tells whether a connection is good; `select 1` by default. It runs where the lease manager checks: on borrowing and while idle. */
  readonly checkQuery?: string;
}

/** Options of connections with every default filled in. */
export interface CheckedPostgresOptions {
  readonly config: PostgresConfig;
  readonly prepare: ((connection: PostgresConnection) => void | Promise<void>) | undefined;
  readonly checkQuery: string;
}

/**
 * Checks the options of connections and fills in the defaults.
 *
 * @throws {BadArgumentError} for the first that cannot be used
 */
export function checkPostgresOptions({
  config = {},
  prepare,
  checkQuery = "select 1",
}: PostgresOptions): CheckedPostgresOptions {
  if (typeof config !== "object" || config === null) {
    throw new BadArgumentError(`Expected config to be an object as pg takes it for a client; got ${whatCame(config)}`);
  }
  if (prepare !== undefined && typeof prepare !== "function") {
    throw new BadArgumentError(`Expected prepare to be a function; got ${whatCame(prepare)}`);
  }
  if (typeof checkQuery !== "string" || checkQuery === "") {
    throw new BadArgumentError(`Expected checkQuery to be a text that is not empty; got ${whatCame(checkQuery)}`);
  }
  return { config, prepare, checkQuery };
}
