/** What can be wrong in the transport; see {@link TransportError}. */
export type TransportErrorCode =
  | "bad_option"
  | "bad_close"
  | "no_owner"
  | "port_in_use"
  | "port_forbidden"
  | "host_unavailable"
  | "listen_failed"
  | "ws_incompatible";

/**
 * Misuse of the transport, or a port that cannot be listened on.
 *
 * `bad_option`: an option of the server is wrong. `bad_close`: a close code or reason that cannot be sent. `no_owner`: `accept` returned
 * without an owner for the socket. `port_in_use`, `port_forbidden`, `host_unavailable`, `listen_failed`: listening failed (`cause` is the
 * system's error). `ws_incompatible`: the installed `ws` is not one this version can work with.
 */
export class TransportError extends Error {
  override readonly name = "TransportError";
  readonly code: TransportErrorCode;

  constructor(code: TransportErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
