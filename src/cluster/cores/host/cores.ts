import type { ExitReason } from "../../../kernel/exit-reason.js";
import { teardown } from "../../../kernel/hook-keys.js";
import { child, Supervisor } from "../../../../supervisors/index.js";
import { Core, type CoreStart } from "./core.js";
import type { CoresHost } from "./cores-host.js";

/** What {@link Cores} is started with. */
export type CoresStart = Pick<CoreStart, "host" | "onReady">;

/**
 * The root of a host: one child for each core of the application.
 *
 * A core that ends is started again, after a delay that grows, until its attempts are used up; then the host gives up and stops the others. When all
 * have ended in order, so does the host. On a stop all cores are told at once, so that they drain side by side.
 */
export class Cores extends Supervisor<CoresStart> {
  #host: CoresHost | undefined;

  override init({ host, onReady }: CoresStart) {
    this.#host = host;
    const { cores, restart, stopTimeoutMs } = host.settings;
    const names = Array.from({ length: cores }, (_, index) => `core-${index + 1}`);
    return {
      strategy: "one_for_one",
      autoShutdown: "all_significant",
      children: names.map((name, index) =>
        child(Core, {
          id: name,
          args: { host, name, index, onReady },
          label: name,
          restart: "transient",
          significant: true,
          shutdown: stopTimeoutMs,
          backoff: restart,
        }),
      ),
    } as const;
  }

  override [teardown](reason: ExitReason): unknown {
    this.#host?.orderAll();
    return super[teardown](reason);
  }
}
