import { TransportError } from "./transport-error.js";

/** Turns what `listen` failed with into an error that says what to do. */
export function listenError(error: unknown, port: number, host: string | undefined): TransportError {
  const at = `${host ?? "all addresses"}, port ${port}`;
  const options = { cause: error };
  switch (systemCode(error)) {
    case "EADDRINUSE":
      return new TransportError(
        "port_in_use",
        `cannot listen on ${at}: another process has the port. Stop that one, or choose another with the option "port" (0 takes any that is free).`,
        options,
      );
    case "EACCES":
      return new TransportError(
        "port_forbidden",
        `cannot listen on ${at}: this user may not take the port. Choose one from 1024 up with the option "port".`,
        options,
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new TransportError(
        "host_unavailable",
        `cannot listen on ${at}: this machine does not have that address. Leave out the option "host" to listen on all it has.`,
        options,
      );
    default:
      return new TransportError(
        "listen_failed",
        `cannot listen on ${at}: ${error instanceof Error ? error.message : String(error)}`,
        options,
      );
  }
}

function systemCode(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
