import { SocketError } from "./errors.js";

/**
 * Makes the WebSocket's URL as phoenix.js does: the base with `/websocket` and `vsn=2.0.0`.
 *
 * `http` becomes `ws`, `https` becomes `wss`; in a browser the base may be relative to the page. A query of the base is kept.
 *
 * @throws {SocketError} `bad_url` if this gives no WebSocket URL
 */
export function endpointUrl(base: string, page: string | undefined): string {
  try {
    const url = new URL(base, page);
    url.protocol = url.protocol.replace("http", "ws");
    url.pathname = url.pathname.replace(/\/?$/, "/websocket");
    url.searchParams.set("vsn", "2.0.0");
    url.hash = "";
    if (!/^wss?:/.test(url.href)) throw new TypeError(url.protocol);
    return url.href;
  } catch (cause) {
    throw new SocketError("bad_url", base, cause);
  }
}
