import { join } from "node:path";
import { Socket, type SocketOptions } from "holdfast/client";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import type { Built } from "../built.js";
import { RunningProgram } from "../run-program.js";

/** Runs the compiled lobby with these arguments; it keeps nothing unless they say where. */
export function runLobby(built: Built, args: readonly string[]): RunningProgram {
  const kept = args.includes("--store") ? args : [...args, "--no-store"];
  return new RunningProgram(built.root, [join(built.root, "dist/examples/lobby/main.js"), ...kept]);
}

/** A lobby that is open. */
export interface OpenLobby {
  readonly program: RunningProgram;
  /** Where its page is. */
  readonly url: string;
}

/** Runs the lobby until it says where it is open. */
export async function openLobby(built: Built, port = 0, args: readonly string[] = []): Promise<OpenLobby> {
  const program = runLobby(built, ["--port", String(port), ...args]);
  const [, url = ""] = await program.wrote(/Open\s+(http:\S+)/);
  return { program, url };
}

/** Connects a person without a browser. */
export function visitor(url: string, name: string, options: SocketOptions = {}): Socket {
  const socket = new Socket(`${url}/socket`, {
    webSocket: WebSocket,
    params: { name },
    backoff: { baseMs: 5, capMs: 20 },
    ...options,
  });
  onTestFinished(() => socket.disconnect());
  socket.connect();
  return socket;
}
