import type { ResourceFactory } from "../lease/resource-factory.js";
import { PostgresConnection } from "./postgres-connection.js";
import { checkPostgresOptions, type PostgresOptions } from "./postgres-options.js";

/**
 * Connections to PostgreSQL for a lease manager, made with the package `pg`, which is loaded with the first of them.
 *
 * ```ts
 * const factory = postgresConnections({ config: { connectionString: "postgres://localhost/shop" } });
 * child(LeaseManager<PostgresConnection>, { id: "db", name: "db", args: { factory, max: 10 } });
 *
 * await withLease(db, {}, ({ resource }) => resource.query("select now()"));
 * ```
 *
 * A connection that is lost is known at once: its holder's `lease.signal` is aborted, and another one is made when it is wanted. One that comes back
 * with a query under way or in a transaction is closed. So is one whose lease was lost, which makes the queries of its old holder fail; what the
 * server was doing already may still take effect, so fence what must not be done twice.
 *
 * @throws {BadArgumentError} for an option that cannot be used
 */
export function postgresConnections(options: PostgresOptions = {}): ResourceFactory<PostgresConnection> {
  const { config, prepare, checkQuery } = checkPostgresOptions(options);
  return {
    async create(signal) {
      const connection = await PostgresConnection.open(config, signal);
      try {
        await prepare?.(connection);
        return connection;
      } catch (error) {
        await connection.close(signal);
        throw error;
      }
    },
    close: (connection, signal) => connection.close(signal),
    async check(connection) {
      await connection.query(checkQuery);
      return connection.idle;
    },
    reusable: (connection) => connection.idle,
    watch: (connection, broken) => connection.onBroken(broken),
  };
}
