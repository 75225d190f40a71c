import type { PresenceRecord } from "./presence-record.js";

/** What is visible on one topic. */
export class TopicRows {
  readonly keys = new Map<string, PresenceRecord[]>();
  size = 0;
}

/**
 * What is visible, by topic and key: so that a look costs what it shows.
 *
 * Pure. A topic or a key without presences does not exist.
 */
export class TopicTable {
  readonly #topics = new Map<string, TopicRows>();
  #size = 0;

  /** Presences on all topics. */
  get size(): number {
    return this.#size;
  }

  /** Topics with a presence. */
  get topics(): number {
    return this.#topics.size;
  }

  /** What is on a topic; `undefined` for nothing. */
  find(topic: string): TopicRows | undefined {
    return this.#topics.get(topic);
  }

  add(record: PresenceRecord): void {
    const { topic, key } = record;
    let rows = this.#topics.get(topic);
    if (rows === undefined) {
      rows = new TopicRows();
      this.#topics.set(topic, rows);
    }
    const records = rows.keys.get(key);
    if (records === undefined) rows.keys.set(key, [record]);
    else records.push(record);
    rows.size++;
    this.#size++;
  }

  /** Takes a record out; it must be the very one that was put in. */
  remove(record: PresenceRecord): void {
    const { topic, key } = record;
    const rows = this.#topics.get(topic);
    const records = rows?.keys.get(key);
    const index = records?.indexOf(record) ?? -1;
    if (rows === undefined || records === undefined || index === -1) return;
    records.splice(index, 1);
    if (records.length === 0) rows.keys.delete(key);
    rows.size--;
    this.#size--;
    if (rows.size === 0) this.#topics.delete(topic);
  }
}
