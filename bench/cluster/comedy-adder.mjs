/** What comedy loads in the process that it forks: a module as the definition of an actor, whose exports are its handlers. */

let sum = 0;
let count = 0;
/** @type {number[]} */ const listeners = new Array(100).fill(0);

/** @param {number} k */
export function add(k) {
  sum += k;
  count++;
  return sum;
}

export function handled() {
  return count;
}

export function usage() {
  return process.cpuUsage();
}

export function pid() {
  return process.pid;
}

/** @param {{ n: number }} _message */
export function broadcast(_message) {
  for (let i = 0; i < listeners.length; i++) listeners[i] = (listeners[i] ?? 0) + 1;
}

export function heard() {
  return listeners.at(-1);
}
