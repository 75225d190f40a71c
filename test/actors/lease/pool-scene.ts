import type { ActorRef } from "holdfast";
import { type GetLeaseResult, type Lease, LeaseManager, type LeaseManagerOptions } from "holdfast/actors";
import { createTestSystem, type TestSystem } from "holdfast/testing";
import { type Part, Workshop } from "./workshop.js";

export type Pool = ActorRef<LeaseManager<Part>>;

export interface Scene extends TestSystem {
  readonly workshop: Workshop;
  readonly pool: Pool;
  /** Asks for a lease, and waits as long as the manager says. */
  readonly get: Pool["call"]["get"];
}

export async function scene(
  options: Partial<LeaseManagerOptions<Part>> = {},
  setUp: (workshop: Workshop) => void = () => undefined,
): Promise<Scene> {
  const testSystem = await createTestSystem();
  const { system, clock } = testSystem;
  const workshop = new Workshop(clock);
  setUp(workshop);
  const pool = await system.start(LeaseManager<Part>, { factory: workshop, ...options }, { name: "pool" });
  await clock.settle();
  return { ...testSystem, workshop, pool, get: (request) => pool.callWithin(Number.POSITIVE_INFINITY).get(request) };
}

export function leaseOf(result: GetLeaseResult<Part>): Lease<Part> {
  if (!result.ok) throw new Error(`expected a lease, got ${result.reason}`);
  return result.lease;
}
