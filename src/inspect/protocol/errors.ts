/**
 * Why the inspector or its client could not do what was asked.
 *
 * | code | meaning |
 * |---|---|
 * | `unsupported_platform` | the platform has no Unix domain sockets with file permissions |
 * | `unsafe_directory` | the directory of sockets belongs to someone else or lets others in |
 * | `path_too_long` | the socket's path does not fit the operating system's limit |
 * | `address_in_use` | this process already serves an inspector under this name |
 * | `no_server` | no server was found, or nobody listens on its socket |
 * | `several_servers` | more than one server fits and none was chosen |
 * | `no_answer` | the server took the connection and did not answer in time |
 * | `connection_lost` | the server closed the connection before it had answered |
 * | `protocol` | the answer does not follow the protocol, or speaks another version of it |
 * | `refused` | the server answered with an error |
 */
export type InspectorErrorCode =
  | "unsupported_platform"
  | "unsafe_directory"
  | "path_too_long"
  | "address_in_use"
  | "no_server"
  | "several_servers"
  | "no_answer"
  | "connection_lost"
  | "protocol"
  | "refused";

/** Something that keeps the inspector from being opened, found or read; `code` says what, the message how to go on. */
export class InspectorError extends Error {
  override readonly name = "InspectorError";
  /** The stable name of the cause. */
  readonly code: InspectorErrorCode;
  /** Of `refused`: the code of the server's answer, such as `no_such_actor`. */
  readonly refusal: string | undefined;

  constructor(code: InspectorErrorCode, message: string, options?: ErrorOptions & { readonly refusal?: string }) {
    super(message, options);
    this.code = code;
    this.refusal = options?.refusal;
  }
}

/** The `code` of an error from the operating system, such as `ENOENT`; undefined for anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
