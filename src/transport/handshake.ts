import { hash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** A refusal in HTTP, before any upgrade. Browsers show their scripts none of it. */
export interface HttpRefusal {
  readonly ok: false;
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/** Base64 of 16 bytes. */
const KEY = /^[+/0-9A-Za-z]{22}==$/;
const VERSION = "13";

/** Checks the part of an upgrade request that RFC 6455 prescribes, section 4.2.1; the result holds the client's key. */
export function checkHandshake(
  method: string | undefined,
  headers: IncomingHttpHeaders,
): { readonly ok: true; readonly key: string } | HttpRefusal {
  if (method !== "GET") return { ok: false, status: 400, message: "a WebSocket handshake is a GET request" };
  if (headers.upgrade?.toLowerCase() !== "websocket") {
    return { ok: false, status: 400, message: "the only upgrade served here is websocket" };
  }
  const version = headers["sec-websocket-version"];
  if (version !== VERSION) {
    return {
      ok: false,
      status: 426,
      message: "Sec-WebSocket-Version must be 13",
      headers: { "Sec-WebSocket-Version": VERSION },
    };
  }
  const key = headers["sec-websocket-key"];
  if (key === undefined || !KEY.test(key)) {
    return { ok: false, status: 400, message: "Sec-WebSocket-Key must be base64 of 16 bytes" };
  }
  return { ok: true, key };
}

/** The answer that completes a handshake. `subprotocol` must be one that the client has offered. */
export function switchingProtocols(key: string, subprotocol: string | undefined): string {
  const accept = hash("sha1", key + GUID, "base64");
  const chosen = subprotocol === undefined ? "" : `Sec-WebSocket-Protocol: ${subprotocol}\r\n`;
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${chosen}\r\n`;
}
