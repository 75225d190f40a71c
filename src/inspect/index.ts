export type { Inspector, InspectorActions, InspectorOptions } from "./inspector-socket.js";
export { openInspector, type OpenInspectorOptions } from "./open-inspector.js";
export { InspectorError, type InspectorErrorCode } from "./protocol/errors.js";
