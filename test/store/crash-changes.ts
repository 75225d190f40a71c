import type { StoreChange } from "../../src/store/store-port.js";

/** How many frames a session keeps before older ones are trimmed. */
const KEPT = 200;

/** The text of a frame: long enough now and then to need pages of its own. */
export function textOf(number: number): string {
  return `${number} `.repeat(number % 50 === 0 ? 3_000 : 10);
}

/** What commit `number` changes: two sessions, a log and a record, which must always agree. */
export function changesOf(number: number): StoreChange[] {
  const frame = textOf(number);
  const head = { epoch: 1, rx: number, tx: number };
  const changes: StoreChange[] = [
    { type: "put_frame", sid: "a", seq: number, topic: "t", frame },
    { type: "put_frame", sid: "b", seq: number, topic: "t", frame },
    { type: "put_head", sid: "a", head },
    { type: "append_log", topic: "t", epoch: 1, offset: number, frame, at: number },
    { type: "put_record", key: "last", value: new Uint8Array(new Float64Array([number]).buffer) },
  ];
  if (number % 20 === 0 && number > KEPT) {
    changes.push({ type: "trim_frames", sid: "a", through: number - KEPT });
    changes.push({ type: "trim_log", topic: "t", through: number - KEPT });
  }
  return changes;
}
