/**
 * Says when a retry has become worth while: calls back until the function that it returns is called.
 *
 * Replace it where something else than the browser knows, a mobile app's network state for example.
 */
export type WakeSource = (wake: () => void) => () => void;

/** Whether nobody sees the page. Outside a browser: no. */
export function isPageHidden(): boolean {
  return globalThis.document?.visibilityState === "hidden";
}

/** Wakes when the browser comes online and when the tab is shown or hidden: who is woken looks which. Outside a browser it never does. */
export const browserWake: WakeSource = (wake) => {
  const abort = new AbortController();
  // The event of a document bubbles to its window.
  for (const event of ["online", "visibilitychange"]) globalThis.addEventListener?.(event, wake, abort);
  return () => abort.abort();
};
