import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { HttpRefusal } from "./handshake.js";

const TEXT = "text/plain; charset=utf-8";

/** Refuses an upgrade in HTTP and ends the connection when the answer has been sent. */
export function refuseUpgrade(socket: Socket, refusal: HttpRefusal): void {
  const body = `${refusal.message}\n`;
  const lines = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ""}`,
    "Connection: close",
    `Content-Type: ${TEXT}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  for (const [name, value] of Object.entries(refusal.headers ?? {})) lines.push(`${name}: ${value}`);
  // Node has given the socket away and listens no more: without this a client that is gone by now would end the process.
  socket.on("error", destroy);
  socket.write(`${lines.join("\r\n")}\r\n\r\n${body}`);
  socket.destroySoon();
}

/** Answers with JSON that no cache may keep. */
export function answerJson(response: ServerResponse, status: number, body: unknown): void {
  answer(response, status, `${JSON.stringify(body)}\n`, {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
  });
}

/** Answers with a line of text. */
export function answerText(response: ServerResponse, refusal: HttpRefusal): void {
  answer(response, refusal.status, `${refusal.message}\n`, { "Content-Type": TEXT, ...refusal.headers });
}

function answer(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>>,
): void {
  response.writeHead(status, { "Content-Length": Buffer.byteLength(body), ...headers });
  response.end(body);
}

function destroy(this: Socket): void {
  this.destroy();
}
