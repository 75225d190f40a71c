/** The signals of those who wait: each is listened to while its claim waits, and not a moment longer. */
export class WaitSignals<Claim> {
  readonly #listening = new Map<Claim, { readonly signal: AbortSignal; readonly aborted: () => void }>();

  /** Calls `aborted` when the signal is aborted before {@link WaitSignals.drop}. */
  listen(signal: AbortSignal, claim: Claim, aborted: () => void): void {
    signal.addEventListener("abort", aborted, { once: true });
    this.#listening.set(claim, { signal, aborted });
  }

  /** Whether the signal of a claim was aborted, also when nobody was told yet. */
  isAborted(claim: Claim): boolean {
    // Most requests have no signal.
    return this.#listening.size > 0 && this.#listening.get(claim)?.signal.aborted === true;
  }

  /** Stops listening for a claim; does nothing when there was no signal. */
  drop(claim: Claim): void {
    if (this.#listening.size === 0) return;
    const listening = this.#listening.get(claim);
    if (listening === undefined) return;
    listening.signal.removeEventListener("abort", listening.aborted);
    this.#listening.delete(claim);
  }

  /** Stops listening for all. */
  dropAll(): void {
    for (const { signal, aborted } of this.#listening.values()) signal.removeEventListener("abort", aborted);
    this.#listening.clear();
  }
}
