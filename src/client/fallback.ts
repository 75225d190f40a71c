export { type EventStreamOptions, eventStream } from "./event-stream.js";
export { type FallbackOptions, type FallbackTransport, withFallback } from "./with-fallback.js";
