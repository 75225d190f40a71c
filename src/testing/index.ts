export { assertNoLeaks, leaksOf } from "./leak-check.js";
export { createTestSystem, type TestSystem } from "./test-system.js";
export { createVirtualClock, type Quietable, VirtualClock } from "./virtual-clock.js";
