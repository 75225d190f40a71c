import type { Random } from "../../src/index.js";

const BETWEEN = "~";
const HOME = /^[a-z0-9]{8,16}$/;
const CHARACTERS = "0123456789abcdefghijklmnopqrstuvwxyz";
const LENGTH = 12;

/** The public id of a session that begins at a home; `id` is its own part, which nobody can guess. */
export function sidAt(home: string, id: string): string {
  return home + BETWEEN + id;
}

/** The home that a public id names; `undefined` for the id of a session that began where there was no cluster, and for text that is no id. */
export function homeOf(sid: string): string | undefined {
  const end = sid.indexOf(BETWEEN);
  if (end < 0) return undefined;
  const home = sid.slice(0, end);
  return isHome(home) ? home : undefined;
}

/** Whether a text can be the name of a home. */
export function isHome(text: string): boolean {
  return HOME.test(text);
}

/** A name for a new home: one of 36^12. */
export function newHome(random: Random): string {
  let home = "";
  while (home.length < LENGTH) home += CHARACTERS.charAt(Math.floor(random.next() * CHARACTERS.length));
  return home;
}
