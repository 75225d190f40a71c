import { Socket } from "node:net";
import { onTestFinished, vi } from "vitest";

/** Counts the writes to the system on all sockets of the server at `port`, until the test ends. */
export function countWrites(port: number): { count(): number; readonly sockets: ReadonlySet<Socket> } {
  let writes = 0;
  const sockets = new Set<Socket>();
  for (const name of ["_write", "_writev"] as const) {
    const original: unknown = Reflect.get(Socket.prototype, name);
    if (typeof original !== "function") throw new Error(`Socket has no ${name}`);
    const spy = vi.spyOn(Socket.prototype, name).mockImplementation(function (this: Socket, ...args: unknown[]) {
      if (this.localPort === port) {
        writes += 1;
        sockets.add(this);
      }
      Reflect.apply(original, this, args);
    });
    onTestFinished(() => spy.mockRestore());
  }
  return { count: () => writes, sockets };
}
