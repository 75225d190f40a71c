/** Leases beside what pools of Node and a gen_server do. */
import { programs } from "../harness/programs.mjs";

const perSecond = /** @type {const} */ ({ unit: "per second", better: "more" });
const POOLS = { "generic-pool": "genericPool", tarn: "tarn", "pg-pool": "pgPool" };

/** @type {readonly import("../scenarios.mjs").Scenario[]} */
export const leaseScenarios = [
  programs({
    name: "lease-one",
    about: "leases, one client, nobody waits",
    ...perSecond,
    peers: POOLS,
    beam: { "BEAM gen_server": "lease_one" },
  }),
  programs({
    name: "lease-100",
    about: "leases, 100 clients for 100 resources",
    ...perSecond,
    peers: POOLS,
    beam: { "BEAM gen_server": "lease_100" },
  }),
  programs({
    name: "lease-waiters",
    about: "leases, 100 resources and 1,000 who wait",
    ...perSecond,
    peers: POOLS,
    beam: { "BEAM gen_server": "lease_waiters" },
  }),
  programs({
    name: "lease-message",
    about: "leases by message, one client, nobody waits",
    ...perSecond,
    beam: { "BEAM gen_server": "lease_one" },
  }),
  programs({
    name: "lease-deaths",
    about: "leases whose holders die",
    ...perSecond,
    beam: { "BEAM gen_server": "lease_deaths" },
  }),
];
