const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A duration in the two largest units that matter: `850ms`, `1.2s`, `12s`, `3m 12s`, `2h 5m`, `3d 4h`. */
export function formatDuration(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  if (whole < SECOND_MS) return `${whole}ms`;
  if (whole < 10 * SECOND_MS) return `${Math.floor(whole / 100) / 10}s`;
  if (whole < MINUTE_MS) return `${Math.floor(whole / SECOND_MS)}s`;
  if (whole < HOUR_MS) return pair(whole, MINUTE_MS, "m", SECOND_MS, "s");
  if (whole < DAY_MS) return pair(whole, HOUR_MS, "h", MINUTE_MS, "m");
  return pair(whole, DAY_MS, "d", HOUR_MS, "h");
}

/** A number of bytes in units of 1,024: `512 B`, `3.4 KB`, `14 MB`. */
export function formatBytes(bytes: number): string {
  let amount = Math.max(0, bytes);
  for (const unit of ["B", "KB", "MB"]) {
    if (amount < 1_024) return `${amount < 10 && unit !== "B" ? amount.toFixed(1) : Math.round(amount)} ${unit}`;
    amount /= 1_024;
  }
  return `${amount.toFixed(1)} GB`;
}

/** A whole number with commas between thousands: `9,950`. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

function pair(ms: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)}${largeUnit}${rest === 0 ? "" : ` ${rest}${smallUnit}`}`;
}
