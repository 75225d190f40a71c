import { Actor, type ActorRef, type ActorSystem, createSystem, type Report } from "holdfast";
import {
  type GetLeaseOptions,
  type GetLeaseResult,
  type Lease,
  LeaseManager,
  type LeaseManagerOptions,
  PostgresConnection,
  postgresConnections,
  withLease,
} from "holdfast/actors";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { requireOrAnnounce } from "../../environment.js";
import { PostgresServer } from "./postgres-server.js";

type Pool = ActorRef<LeaseManager<PostgresConnection>>;

/** An actor that takes a connection in its own name and keeps it. */
class Holder extends Actor<Pool> {
  #pool: Pool | undefined;

  override init(pool: Pool): void {
    this.#pool = pool;
  }

  get(options: GetLeaseOptions = {}): Promise<GetLeaseResult<PostgresConnection>> | undefined {
    return this.#pool?.callWithin(20_000).get(options);
  }
}

function leaseOf(result: GetLeaseResult<PostgresConnection> | undefined): Lease<PostgresConnection> {
  if (result?.ok !== true) throw new Error(`expected a lease, got ${JSON.stringify(result)}`);
  return result.lease;
}

/** The reason with which a lease was lost. */
function lost({ signal }: Lease<PostgresConnection>): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    signal.addEventListener("abort", () => resolve(signal.reason), { once: true });
  });
}

describe.runIf(requireOrAnnounce("postgres"))("connections to PostgreSQL", () => {
  let server: PostgresServer;
  let system: ActorSystem;
  const reports: Report[] = [];

  beforeAll(async () => {
    server = await PostgresServer.create();
  }, 60_000);

  afterAll(() => server.remove());

  afterEach(async () => {
    await system.stop();
    reports.length = 0;
  });

  async function pool(options: Partial<LeaseManagerOptions<PostgresConnection>> = {}): Promise<Pool> {
    system = await createSystem({ reporter: (report) => void reports.push(report) });
    const factory = postgresConnections({ config: server.config });
    return system.start(LeaseManager<PostgresConnection>, { factory, max: 4, ...options });
  }

  async function backends(): Promise<number> {
    const connection = await PostgresConnection.open(server.config, new AbortController().signal);
    const { rows } = await connection.query<{ n: number }>(
      "select count(*)::int as n from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()",
    );
    await connection.close(new AbortController().signal);
    return rows[0]?.n ?? -1;
  }

  const pidOf = ({ resource }: Lease<PostgresConnection>): Promise<number | undefined> =>
    resource.query<{ pid: number }>("select pg_backend_pid() as pid").then(({ rows }) => rows[0]?.pid);

  test("are made when they are wanted, lent again and again, and closed with the manager", async () => {
    const db = await pool();
    expect(await db.call.stats()).toMatchObject({ size: 0, pool: { totals: { created: 0 } } });
    const pids = [await withLease(db, {}, pidOf), await withLease(db, {}, pidOf)];
    expect(pids[0]).toBe(pids[1]);
    expect(await db.call.stats()).toMatchObject({ size: 1, free: 1, pool: { totals: { created: 1 } } });
    await system.stop();
    expect(await backends()).toBe(0);
  });

  test("one that comes back in a transaction, or with a query under way, is closed and not lent on", async () => {
    const db = await pool({ max: 1 });
    const first = await withLease(db, {}, async (lease) => {
      await lease.resource.query("begin");
      return pidOf(lease);
    });
    let late: Promise<unknown> | undefined;
    const second = await withLease(db, {}, async (lease) => {
      const pid = await pidOf(lease);
      late = lease.resource.query("select pg_sleep(30)").catch((error: unknown) => error);
      return pid;
    });
    expect(await late).toBeInstanceOf(Error);
    const third = await withLease(db, {}, pidOf);
    expect(new Set([first, second, third]).size).toBe(3);
  });

  test("a transaction is rolled back when its function throws, and the connection is lent on", async () => {
    const db = await pool({ max: 1 });
    await withLease(db, {}, ({ resource }) => resource.query("create table if not exists notes (text text)"));
    const failing = withLease(db, {}, ({ resource }) =>
      resource.transaction(async (connection) => {
        await connection.query("insert into notes values ($1)", ["lost"]);
        throw new Error("changed my mind");
      }),
    );
    await expect(failing).rejects.toThrow("changed my mind");
    const count = await withLease(db, {}, ({ resource }) =>
      resource.transaction((connection) => connection.query<{ n: number }>("select count(*)::int as n from notes")),
    );
    expect(count.rows).toEqual([{ n: 0 }]);
    expect(await db.call.stats()).toMatchObject({ pool: { totals: { created: 1 } } });
  });

  test("that of a holder which dies in a transaction is closed, so that its locks are gone for the next", async () => {
    const db = await pool({ max: 1 });
    await withLease(db, {}, ({ resource }) =>
      resource.query("create table if not exists stock (id int primary key, n int)"),
    );
    await withLease(db, {}, ({ resource }) => resource.query("insert into stock values (1, 5) on conflict do nothing"));
    const holder = await system.start(Holder, db);
    const lease = leaseOf(await holder.call.get());
    await lease.resource.query("begin");
    await lease.resource.query("update stock set n = 0 where id = 1");
    const next = withLease(db, {}, ({ resource }) => resource.query("select n from stock where id = 1 for update"));
    system.exit(holder, "kill");
    expect((await next).rows).toEqual([{ n: 5 }]);
    expect(await lost(lease)).toMatchObject({ code: "holder_died" });
    await expect(lease.resource.query("commit")).rejects.toMatchObject({ code: "connection_closed" });
  });

  test("a holder that was paused past the end of its lease is refused by the fence in the table", async () => {
    const db = await pool({ max: 2 });
    await withLease(db, {}, async ({ resource }) => {
      await resource.query("create table if not exists jobs (id int primary key, done_by text, fence bigint not null)");
      await resource.query("insert into jobs values (1, null, 0) on conflict (id) do update set fence = 0");
    });
    const write = (by: Pick<Lease<PostgresConnection>, "resource">, token: number, name: string) =>
      by.resource.query("update jobs set done_by = $1, fence = $2 where id = 1 and fence <= $2", [name, token]);
    const paused = leaseOf(await db.call.get({ leaseMs: 30 }));
    // The lease on the right to do the job, not on the connection that is written with.
    await lost(paused);
    const current = leaseOf(await db.call.get());
    expect((await write(current, current.token, "the next")).rowCount).toBe(1);
    expect((await write(current, paused.token, "the paused one")).rowCount).toBe(0);
  });

  test("one whose server no longer answers does not pass its check: the wait is bounded, and another one is made", async () => {
    const db = await pool({ max: 1, checkAfterMs: 0, checkTimeoutMs: 200 });
    const stuck = await withLease(db, {}, pidOf);
    if (stuck === undefined) throw new Error("expected a backend");
    process.kill(stuck, "SIGSTOP");
    try {
      expect(await withLease(db, { timeoutMs: 20_000 }, pidOf)).not.toBe(stuck);
      expect(await db.call.stats()).toMatchObject({ pool: { totals: { checkFailed: 1, created: 2 } } });
    } finally {
      process.kill(stuck, "SIGCONT");
    }
  });

  test("a server that is killed and started again: holders learn it, nobody hangs, nobody shares, all comes back", async () => {
    const db = await pool({
      max: 4,
      circuit: { failures: 3, firstPauseMs: 20, longestPauseMs: 100 },
      createTimeoutMs: 5_000,
    });
    const holders = await Promise.all(Array.from({ length: 4 }, () => system.start(Holder, db)));
    const leases = (await Promise.all(holders.map((holder) => holder.call.get()))).map(leaseOf);
    expect(new Set(await Promise.all(leases.map(pidOf))).size).toBe(4);
    const waiting = holders[0]?.callWithin(20_000).get({ timeoutMs: 15_000 });
    const hanging = leases[0]?.resource.query("select pg_sleep(60)").catch((error: unknown) => error);

    await server.kill();
    const ends = await Promise.all(leases.map(lost));
    expect(ends.map((end) => end instanceof Error && "code" in end && end.code)).toEqual([
      "broken",
      "broken",
      "broken",
      "broken",
    ]);
    expect(leases.map(({ held }) => held)).toEqual([false, false, false, false]);
    expect(await hanging).toBeInstanceOf(Error);
    expect(await db.call.return(leases[0] ?? 0)).toEqual({ ok: false, reason: "not_holder" });
    // Who waited is told, long before its own time is over.
    expect(await waiting).toMatchObject({ ok: false, reason: "unavailable" });
    expect(await db.call.stats()).toMatchObject({
      size: 0,
      held: 0,
      pool: { failures: expect.any(Number), totals: { broken: 4 } },
    });

    await server.start();
    // Each asks again when it was told to, and holds its connection for a while.
    const inUse = new Set<PostgresConnection>();
    const use = async (): Promise<number> => {
      for (;;) {
        const answer = await db.callWithin(20_000).get({ timeoutMs: 15_000 });
        if (answer.ok) {
          const { lease } = answer;
          expect(inUse.has(lease.resource)).toBe(false);
          inUse.add(lease.resource);
          await lease.resource.query("select pg_sleep(0.01)");
          inUse.delete(lease.resource);
          await db.call.return(lease);
          return lease.token;
        }
        if (answer.reason !== "unavailable") throw new Error(`expected a lease, got ${answer.reason}`);
        await new Promise<void>((resolve) => {
          system.clock.setTimer(answer.retryAfterMs, resolve);
        });
      }
    };
    const tokens = await Promise.all(Array.from({ length: 20 }, use));
    expect(new Set(tokens).size).toBe(20);
    expect(Math.min(...tokens)).toBeGreaterThan(Math.max(...leases.map(({ token }) => token)));
    const stats = await db.call.stats();
    expect(stats).toMatchObject({ held: 0, waiting: 0, pool: { circuit: "closed", failures: 0, creating: 0 } });
    expect(stats.size).toBeLessThanOrEqual(4);
    expect(reports.some(({ text }) => text.includes("the circuit is open"))).toBe(true);

    expect(await db.callWithin(20_000).drain()).toEqual({ ok: true, revoked: 0 });
    expect(await backends()).toBe(0);
  }, 60_000);

  test("where none can be made the answer is unavailable, and why is reported", async () => {
    const factory = postgresConnections({ config: { ...server.config, database: "no such database" } });
    const db = await pool({ factory, circuit: { failures: 1 } });
    expect(await db.call.get()).toMatchObject({ ok: false, reason: "unavailable" });
    expect(reports.map(({ text }) => text).join()).toContain('database "no such database" does not exist');
  });

  test("what must be set up is, on each new connection", async () => {
    const factory = postgresConnections({
      config: server.config,
      prepare: async (connection) => void (await connection.query("set application_name to 'prepared'")),
    });
    const db = await pool({ factory });
    const { rows } = await withLease(db, {}, ({ resource }) => resource.query("show application_name"));
    expect(rows).toEqual([{ application_name: "prepared" }]);
  });
});
