export type { Inspector, InspectorOptions } from "./inspector-socket.js";
export { openInspector } from "./open-inspector.js";
export { InspectorError, type InspectorErrorCode } from "./protocol/errors.js";
