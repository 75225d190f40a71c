/**
 * Says when a retry has become worth while: calls back until the function that it returns is called.
 *
 * Replace it where something else than the browser knows, a mobile app's network state for example.
 */
export type WakeSource = (wake: () => void) => () => void;

/** Wakes when the browser comes online and when the tab becomes visible. Outside a browser it never does. */
export const browserWake: WakeSource = (wake) => {
  if (typeof document === "undefined" || typeof globalThis.addEventListener !== "function") return () => undefined;
  const seen = (): void => {
    if (document.visibilityState === "visible") wake();
  };
  globalThis.addEventListener("online", wake);
  document.addEventListener("visibilitychange", seen);
  return () => {
    globalThis.removeEventListener("online", wake);
    document.removeEventListener("visibilitychange", seen);
  };
};
