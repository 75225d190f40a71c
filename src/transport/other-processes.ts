import { type IncomingHttpHeaders, type IncomingMessage, request as requestOf, type ServerResponse } from "node:http";
import { answerText } from "./http-answer.js";
import { plainAddress } from "./upgrade-request.js";
import { whenOver } from "./when-over.js";

/** The header in which a process that passes a request on says for whom; read only where no client can come. */
export const PASSED_FOR = "x-holdfast-passed-for";

/** The requests that are being passed on at a time; one more is told to come back. */
const MOST_PASSED = 10_000;

/** Headers that are about one connection. */
const OF_CONNECTION: readonly string[] = [
  "connection",
  "expect",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  PASSED_FOR,
];

/** Errors by which it is certain that the request has not reached anybody. */
const NOBODY_THERE: ReadonlySet<unknown> = new Set(["ENOENT", "ECONNREFUSED"]);

/** Where the other processes are that share a port with this one. */
export interface ProcessPaths {
  /** What the others call this process: the conversations that begin here are found by it. */
  readonly name: string;
  /** The path on which the process of a name listens; `undefined` when there is none. */
  pathOf(name: string): string | undefined;
}

/**
 * Passes requests on to the process that has their conversation, where several share a port and the connections are dealt out among them.
 *
 * Bodies and answers flow through without being kept. A client that goes away ends its request there as well.
 */
export class OtherProcesses {
  readonly #paths: () => ProcessPaths | undefined;
  /** Whether a request has been passed on already. */
  readonly #wasPassed: (request: IncomingMessage) => boolean;
  #passed = 0;

  /** Without arguments: there are no others. */
  constructor(
    paths: () => ProcessPaths | undefined = () => undefined,
    wasPassed: (request: IncomingMessage) => boolean = () => false,
  ) {
    this.#paths = paths;
    this.#wasPassed = wasPassed;
  }

  /** What begins the tokens of this process's conversations; `""` where it is alone with its port. */
  get prefix(): string {
    const name = this.#paths()?.name;
    return name === undefined ? "" : `${name}~`;
  }

  /** Whether a conversation is one of this process. */
  isOwn(process: string | undefined): boolean {
    return process === this.#paths()?.name;
  }

  /** Passes a request on; `gone` answers it where the process, and so the conversation, is not there any more. */
  pass(process: string, request: IncomingMessage, response: ServerResponse, gone: () => void): void {
    const path = this.#paths()?.pathOf(process);
    if (path === undefined || this.#wasPassed(request)) return gone();
    if (this.#passed >= MOST_PASSED) {
      const headers = { "Retry-After": "1", Connection: "close" };
      return answerText(response, { ok: false, status: 503, message: "too many requests are passed on", headers });
    }
    this.#passed += 1;
    if (request.headers.expect?.toLowerCase() === "100-continue") response.writeContinue();
    const headers = { ...kept(request.headers), [PASSED_FOR]: plainAddress(request.socket.remoteAddress) };
    const { method, url } = request;
    const onward = requestOf({ socketPath: path, method, path: url, headers, agent: false });
    onward.on("response", (answer) => {
      // What is left of the body is not read by anybody.
      const close = request.complete ? {} : { connection: "close" };
      response.writeHead(answer.statusCode ?? 502, { ...kept(answer.headers), ...close });
      answer.on("error", () => response.destroy());
      answer.pipe(response);
    });
    onward.on("error", (error) => {
      request.unpipe(onward);
      if (response.headersSent) response.destroy();
      else if ("code" in error && NOBODY_THERE.has(error.code)) gone();
      else
        answerText(response, { ok: false, status: 502, message: "lost on the way", headers: { Connection: "close" } });
    });
    whenOver(request, response, () => {
      this.#passed -= 1;
      onward.destroy();
    });
    request.pipe(onward);
  }
}

function kept(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const rest = { ...headers };
  for (const name of OF_CONNECTION) delete rest[name];
  return rest;
}
