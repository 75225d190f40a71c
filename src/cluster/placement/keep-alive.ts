import type { Clock } from "../../kernel/clock.js";
import type { GlobalNames } from "../names/global-names.js";
import { RestartDelay } from "./restart-delay.js";

/** What a {@link KeepAlive} needs of the host. */
export interface KeepAliveSurroundings {
  readonly clock: Clock;
  readonly names: GlobalNames;
  /** Runs something in the host's own turn. */
  readonly soon: (run: () => void) => void;
  readonly after: (delayMs: number, run: () => void) => void;
  /** Whether it is this host that is to start it now. */
  readonly isDue: () => boolean;
  readonly start: () => void;
}

/** Sees to it that an actor always runs: looks when its name is free, and does not start it faster and faster when it keeps ending. */
export class KeepAlive {
  readonly #name: string;
  readonly #surroundings: KeepAliveSurroundings;
  readonly #delay = new RestartDelay();
  #willLook = false;
  #stopWatching: () => void = () => undefined;

  constructor(name: string, surroundings: KeepAliveSurroundings) {
    this.#name = name;
    this.#surroundings = surroundings;
    this.#watch();
  }

  /** Starts it, if it is due and has not ended just now; then later. */
  look(): void {
    const { clock, after, isDue, start } = this.#surroundings;
    if (!isDue()) return;
    const waitMs = this.#delay.notBefore - clock.now();
    if (waitMs <= 0) {
      this.#delay.started(clock.now());
      return start();
    }
    if (this.#willLook) return;
    this.#willLook = true;
    after(waitMs, () => {
      this.#willLook = false;
      this.look();
    });
  }

  /** It has ended; or it did not even get its name, which says nothing of how it would fare. */
  ended(hadName: boolean): void {
    const now = this.#surroundings.clock.now();
    if (hadName) this.#delay.ended(now);
    else this.#delay.refused(now);
    this.look();
  }

  stop(): void {
    this.#stopWatching();
  }

  #watch(): void {
    const { changed, cancel } = this.#surroundings.names.changeOf(this.#name);
    this.#stopWatching = cancel;
    void this.#lookAfter(changed);
  }

  async #lookAfter(changed: Promise<void>): Promise<void> {
    await changed;
    this.#surroundings.soon(() => {
      this.#watch();
      this.look();
    });
  }
}
