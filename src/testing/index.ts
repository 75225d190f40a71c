export { type CrashOptions, FaultyStore, type FaultyStoreOptions } from "./faulty-store.js";
export { MemoryNetwork, type MemoryNetworkOptions, type WireFaults } from "../cluster/memory/memory-network.js";
export { engineConformance, type EngineConformanceOptions } from "./engine-conformance/engine-conformance.js";
export type { EngineCase, EngineWorld, TestedNode } from "./engine-conformance/engine-world.js";
export { type ExchangeRequest, FaultyExchange } from "./faulty-exchange.js";
export { type CutOptions, type End, FaultyLine, type LineEvent, type ObservedLine } from "./faulty-line.js";
export {
  createFaultyNetwork,
  type FaultChances,
  type FaultyListening,
  type FaultyMount,
  FaultyNetwork,
  type FaultyNetworkOptions,
  type FaultyServer,
  type FaultyServerOptions,
} from "./faulty-network.js";
export { type CloseEventLike, FaultyWebSocket } from "./faulty-web-socket.js";
export { forEachSeed, SeedError, type SeedOptions } from "./for-each-seed.js";
export { assertNoLeaks, leaksOf } from "./leak-check.js";
export { createProbe, type Probe, type Received, type Replies } from "./probe.js";
export { createTestCluster, TestCluster, type TestClusterOptions, type TestNode } from "./test-cluster.js";
export { createTestSystem, type TestSystem, type TestSystemOptions } from "./test-system.js";
export { createVirtualClock, type Quietable, VirtualClock } from "./virtual-clock.js";
