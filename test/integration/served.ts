import { type ActorSystem, createSystem, type Report } from "holdfast";
import { Endpoint, type EndpointOptions } from "holdfast/actors";
import { child, type ChildSpec, Supervisor } from "holdfast/supervisors";
import { onTestFinished } from "vitest";

/** A server under test, on a port of its own. */
export interface Served {
  readonly system: ActorSystem;
  readonly port: number;
  /** Where clients of channels connect. */
  readonly url: string;
  /** All that the system reported, crashes included. */
  readonly reports: readonly Report[];
}

/** What a server under test has besides its endpoint. */
export interface ServeOptions extends EndpointOptions {
  readonly siblings?: readonly ChildSpec[];
}

interface HasPort {
  port(): number;
}

class Root extends Supervisor<ServeOptions> {
  override init({ siblings = [], ...endpoint }: ServeOptions) {
    const args: EndpointOptions = { port: 0, host: "127.0.0.1", drainTimeoutMs: 2_000, ...endpoint };
    return { children: [...siblings, child(Endpoint, { id: "endpoint", args })] };
  }
}

/** Starts a server and stops it when the test is over, whatever became of the test. */
export async function serve(options: ServeOptions): Promise<Served> {
  const reports: Report[] = [];
  const reporter = (report: Report): void => {
    if (report.level === "error" || report.level === "warning") reports.push(report);
  };
  const system = await createSystem({ root: Root, rootArgs: options, reporter });
  onTestFinished(() => system.stop());
  const port = (await system.whereis<HasPort>("endpoint.listener")?.call.port()) ?? 0;
  return { system, port, url: `ws://127.0.0.1:${port}/socket`, reports };
}
