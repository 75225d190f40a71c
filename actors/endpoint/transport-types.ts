// What the options of an endpoint are made of, for those who write them down.
export type { AdmissionOptions } from "../../src/transport/admission/admission-options.js";
export type { CompressionOptions } from "../../src/transport/compression.js";
export type { TransportKind } from "../../src/transport/transport-socket.js";
