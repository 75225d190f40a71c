import { HoldfastError } from "../../src/index.js";

/** What can be wrong with a connection besides what the server says; see {@link PostgresError}. */
export type PostgresErrorCode = "pg_missing" | "connection_closed";

/**
 * A connection to PostgreSQL that cannot be made or used. What the server itself answers is thrown as `pg` throws it.
 *
 * `pg_missing`: the package `pg` cannot be loaded (`cause`). `connection_closed`: the connection was closed, by its pool or by the server; the lease on
 * it is lost.
 */
export class PostgresError extends HoldfastError {
  override readonly name = "PostgresError";
  readonly code: PostgresErrorCode;

  constructor(code: PostgresErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
