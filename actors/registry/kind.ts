/**
 * What is registered, and how often.
 *
 * `name`: one owner for each key. `property`: any number of owners for a key, each once. `duplicate`: any number of owners, each as often as it
 * likes. `counter`: like a property, with a whole number for a value. `aggregated_counter`: one owner for each key; its value is the sum of the
 * counters under the same key. `resource`: like a property. `resource_counter`: one owner for each key; its value is how many resources there
 * are under the key. The words, but for `duplicate`, are those of Erlang's `gproc`.
 */
export type Kind =
  | "name"
  | "property"
  | "duplicate"
  | "counter"
  | "aggregated_counter"
  | "resource"
  | "resource_counter";

/** All kinds, in the order in which `select` goes through them. */
export const KINDS: readonly Kind[] = [
  "name",
  "property",
  "duplicate",
  "counter",
  "aggregated_counter",
  "resource",
  "resource_counter",
];

/** How many entries a key may have: one, one for each owner, or any number. */
export type Uniqueness = "one" | "one_per_owner" | "many";

/** The uniqueness of each kind. */
export const UNIQUENESS: Readonly<Record<Kind, Uniqueness>> = {
  name: "one",
  property: "one_per_owner",
  duplicate: "many",
  counter: "one_per_owner",
  aggregated_counter: "one",
  resource: "one_per_owner",
  resource_counter: "one",
};
