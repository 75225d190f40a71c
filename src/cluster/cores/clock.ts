/** Fires after a delay if the process still runs then: nothing waits for it. */
export function quietTimer(delayMs: number, fire: () => void): void {
  setTimeout(fire, delayMs).unref();
}
