import { PROTOCOL_VSN } from "../protocol/names.js";
import { SocketError } from "./errors.js";

/**
 * Makes the WebSocket's URL as phoenix.js does: the base with `/websocket` and `vsn=2.0.0`.
 *
 * `http` becomes `ws`, `https` becomes `wss`; in a browser the base may be relative to the page. A query of the base is kept.
 *
 * @throws {SocketError} `bad_url` if this gives no WebSocket URL
 */
export function endpointUrl(base: string, page: string | undefined): string {
  let url: URL;
  try {
    url = page === undefined ? new URL(base) : new URL(base, page);
  } catch (cause) {
    throw new SocketError("bad_url", `Cannot connect to "${base}": expected a URL such as ws://host:4000/socket`, {
      cause,
    });
  }
  url.protocol = url.protocol.replace(/^http/, "ws");
  if (url.protocol !== "ws:" && url.protocol !== "wss:") {
    throw new SocketError(
      "bad_url",
      `Cannot connect to "${base}": expected ws:, wss:, http: or https:, got ${url.protocol}`,
    );
  }
  url.pathname = `${url.pathname.replace(/\/$/, "")}/websocket`;
  url.searchParams.set("vsn", PROTOCOL_VSN);
  url.hash = "";
  return url.href;
}
