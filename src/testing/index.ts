export { type CrashOptions, FaultyStore, type FaultyStoreOptions } from "./faulty-store.js";
export { type CutOptions, type End, FaultyLine, type LineEvent } from "./faulty-line.js";
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
export { createTestSystem, type TestSystem, type TestSystemOptions } from "./test-system.js";
export { createVirtualClock, type Quietable, VirtualClock } from "./virtual-clock.js";
