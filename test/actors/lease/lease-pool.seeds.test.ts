import { Actor, type ActorRef, CallError, type Random } from "holdfast";
import { FencingGuard, type Lease, LeaseManager, leasesOf, type LocalLeases } from "holdfast/actors";
import { createTestSystem, forEachSeed, type VirtualClock } from "holdfast/testing";
import { expect, test } from "vitest";
import { type Part, Workshop } from "./workshop.js";

const USERS = 6;
const ROUNDS = 12;
const MAX = 3;
/** Longer than all rounds together may take. */
const LONGEST_MS = 60_000;

/** What the test knows of all leases, whoever has them. */
class Ledger {
  readonly leases: Lease<Part>[] = [];
  readonly guards = new Map<Part, FencingGuard>();
  readonly refusals = new Map<string, number>();
  lost = 0;

  granted(lease: Lease<Part>): void {
    const { resource, token, held } = lease;
    expect(this.leases.filter((other) => other.token === token)).toEqual([]);
    // It may have been lost on its way to its holder.
    if (held) {
      expect(this.leases.filter((other) => other.held && other.resource === resource)).toEqual([]);
      expect(resource.closed).toBe(0);
    }
    this.leases.push(lease);
    this.use(lease);
  }

  /** A use of the resource: its guard lets no holder in that was replaced, and each that was not. */
  use(lease: Lease<Part>): void {
    const guard = this.guards.get(lease.resource) ?? new FencingGuard();
    this.guards.set(lease.resource, guard);
    const admitted = guard.admits(lease);
    if (lease.held) expect(admitted).toBe(true);
    if (!lease.held) this.lost++;
  }

  refused(reason: string): void {
    this.refusals.set(reason, (this.refusals.get(reason) ?? 0) + 1);
  }
}

interface UserArgs {
  readonly pool: ActorRef<LeaseManager<Part>>;
  readonly ledger: Ledger;
  readonly clock: VirtualClock;
}

/** Takes leases and does with them what users do: some return them, some too late, some never, some break what they have. */
class User extends Actor<UserArgs> {
  #args: UserArgs | undefined;

  override init(args: UserArgs): void {
    this.#args = args;
  }

  async work(rounds: number): Promise<void> {
    const { pool, ledger } = this.#args ?? {};
    if (pool === undefined || ledger === undefined) return;
    const { random } = this.system;
    const leases = leasesOf(this.system, pool);
    for (let round = 0; round < rounds; round++) {
      const abort = new AbortController();
      // By message and at the desk in turn, and returned by either.
      const way = draw(random, 2) === 0 ? leases : pool.callWithin(Number.POSITIVE_INFINITY);
      const asked = way.get({
        holder: this.self(),
        priority: draw(random, 3),
        timeoutMs: 1 + draw(random, 60),
        leaseMs: 1 + draw(random, 40),
        signal: abort.signal,
      });
      if (draw(random, 5) === 0) void this.#pause(draw(random, 20)).then(() => abort.abort());
      const answer = await asked;
      if (!answer.ok) {
        ledger.refused(answer.reason);
        await this.#pause(1 + draw(random, 10));
        continue;
      }
      const { lease } = answer;
      ledger.granted(lease);
      await this.#pause(draw(random, 30));
      ledger.use(lease);
      await this.#finish(draw(random, 9), lease, pool, leases);
    }
  }

  async #finish(
    how: number,
    lease: Lease<Part>,
    pool: ActorRef<LeaseManager<Part>>,
    leases: LocalLeases<Part>,
  ): Promise<void> {
    switch (how) {
      case 0:
        return lease.resource.breakDown();
      case 1:
        return void (await pool.call.destroy(lease));
      case 2:
        lease.resource.clean = false;
        return void (await pool.call.return(lease));
      case 3:
        return void (await pool.call.renew(lease, 5));
      case 4:
        // Forgotten: it ends with its time.
        return;
      case 5:
        lease.resource.clean = false;
        return leases.return(lease);
      case 6:
      case 7:
        return leases.return(lease);
      default:
        await pool.call.return(lease);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#args?.clock.setTimer(ms, resolve);
    });
  }
}

function draw(random: Random, below: number): number {
  return Math.floor(random.next() * below);
}

test("no resource has two holders, none is lost, and everything is closed in the end, in whatever order things happen", async () => {
  const refusals = new Set<string>();
  let lost = 0;
  await forEachSeed(40, async (seed) => {
    const { system, clock, stop } = await createTestSystem({ seed });
    const { random } = system;
    const workshop = new Workshop(clock);
    const factory = Object.assign(workshop, {
      createMs: draw(random, 15),
      checkMs: draw(random, 5),
      closeMs: draw(random, 10),
    });
    const pool = await system.start(LeaseManager<Part>, {
      factory,
      min: draw(random, 2),
      max: MAX,
      maxWaiting: 4,
      checkAfterMs: draw(random, 3) * 10,
      checkEveryMs: 25,
      idleMs: 40,
      maxAgeMs: 200,
      createTimeoutMs: 12,
      checkTimeoutMs: 4,
      closeTimeoutMs: 8,
      circuit: { failures: 3, firstPauseMs: 5, longestPauseMs: 40 },
      lostLease: seed % 3 === 0 ? "reuse" : "destroy",
    });
    const ledger = new Ledger();
    const start = () => system.start(User, { pool, ledger, clock });
    const users = await Promise.all(Array.from({ length: USERS }, start));
    let working = USERS;
    const failures: unknown[] = [];
    for (const user of users) {
      const work = user.callWithin(Number.POSITIVE_INFINITY).work(ROUNDS);
      const ended = work.catch((error: unknown) => {
        // One that is killed does not finish; one whose expectation failed has crashed.
        if (!(error instanceof CallError && error.reason === "killed")) failures.push(error);
      });
      void ended.then(() => working--);
    }
    for (let ms = 0; working > 0; ms += 5) {
      expect(ms).toBeLessThan(LONGEST_MS);
      const dice = draw(random, 40);
      if (dice === 0) workshop.failing = !workshop.failing;
      if (dice === 1) for (const victim of users.splice(0, 1)) system.exit(victim, "kill");
      if (dice === 2) workshop.open[0]?.breakDown();
      await clock.advance(5);
      const stats = await pool.call.stats();
      const { size, free, held, pool: made } = stats;
      expect(size).toBe(free + held + (made?.checking ?? 0));
      expect(size + (made?.creating ?? 0) + (made?.closing ?? 0)).toBeLessThanOrEqual(MAX);
      expect(ledger.leases.filter((lease) => lease.held).length).toBeLessThanOrEqual(held);
    }
    expect(failures).toEqual([]);
    const drained = pool.callWithin(Number.POSITIVE_INFINITY).drain({ timeoutMs: 100 });
    await clock.advance(1_000);
    expect(await drained).toMatchObject({ ok: true });
    expect(workshop.parts.filter(({ closed }) => closed !== 1)).toEqual([]);
    expect(ledger.leases.filter((lease) => lease.held)).toEqual([]);
    for (const reason of ledger.refusals.keys()) refusals.add(reason);
    lost += ledger.lost;
    await stop();
  });
  // The seeds have tried what can happen.
  expect([...refusals].sort()).toEqual(["aborted", "busy", "holder_dead", "timeout", "unavailable"]);
  expect(lost).toBeGreaterThan(50);
});
