import fc from "fast-check";
import { Presence as PhoenixPresence, type PhoenixPresences } from "phoenix";
import { expect, test } from "vitest";
import { PendingDiffs } from "../../../actors/presence/pending-diffs.js";
import { diffMessages, showRecords, stateMessages } from "../../../actors/presence/presence-payload.js";
import { makeRecord, type PresenceRecord } from "../../../actors/presence/presence-record.js";
import { TopicTable } from "../../../actors/presence/topic-table.js";

interface Step {
  readonly do: "join" | "leave" | "hide" | "show" | "update" | "tell" | "client";
  readonly topic: string;
  readonly index: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom("join", "join", "leave", "hide", "show", "update", "tell", "client"),
  topic: fc.constantFrom("room:1", "room:2"),
  index: fc.nat(30),
});

const KEYS = ["ada", "bob", "__proto__", "ä".repeat(10)];

/** A client of one topic, as phoenix.js has it. */
interface Client {
  readonly topic: string;
  state: PhoenixPresences;
}

const copy = (value: object): object => JSON.parse(JSON.stringify(value)) as object;

/** Who is there, by key, in an order that does not matter. */
const refsOf = (state: object): unknown =>
  Object.entries(state)
    .map(([key, { metas }]: [string, { metas: readonly { phx_ref: string }[] }]) => [
      key,
      metas.map(({ phx_ref }) => phx_ref).sort(),
    ])
    .sort(([one], [other]) => (String(one) < String(other) ? -1 : 1));

test("a client of phoenix.js that joins at any moment knows who is there, however states and diffs are divided", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), fc.constantFrom(60, 300, 100_000), (steps, mostBytes) => {
      const table = new TopicTable();
      const pending = new PendingDiffs();
      const hidden: PresenceRecord[] = [];
      const clients: Client[] = [];
      let refs = 0;
      const add = (record: PresenceRecord): void => {
        table.add(record);
        pending.join(record);
      };
      const remove = (record: PresenceRecord): void => {
        table.remove(record);
        pending.leave(record);
      };
      const recordsOf = (topic: string): PresenceRecord[] => [...(table.find(topic)?.keys.values() ?? [])].flat();
      const tell = (topic: string): void => {
        const { joins = [], leaves = [] } = pending.take(topic) ?? {};
        for (const diff of diffMessages(joins, leaves, mostBytes)) {
          for (const client of clients.filter((each) => each.topic === topic)) {
            client.state = PhoenixPresence.syncDiff(client.state, copy(diff));
          }
        }
      };
      for (const each of steps) {
        const { topic, index } = each;
        const records = recordsOf(topic);
        const record = records[index % Math.max(1, records.length)];
        if (each.do === "join") {
          add(makeRecord(topic, KEYS[index % KEYS.length] ?? "", { n: refs }, { ref: `r${refs++}`, state: "online" }));
        } else if (each.do === "leave" && record !== undefined) remove(record);
        else if (each.do === "hide" && record !== undefined) {
          // Its node is down; the very same record may be back.
          hidden.push(record);
          remove(record);
        } else if (each.do === "show") {
          const [back] = hidden.splice(index % Math.max(1, hidden.length), 1);
          if (back !== undefined) add(back);
        } else if (each.do === "update" && record !== undefined) {
          const marks = { ref: `r${refs++}`, previous: record.meta.phx_ref, state: "online" } as const;
          add(makeRecord(topic, record.key, { n: refs }, marks));
          remove(record);
        } else if (each.do === "tell") tell(topic);
        else if (each.do === "client") {
          const client: Client = { topic, state: {} };
          pending.read(topic);
          for (const [event, payload] of stateMessages(records, mostBytes)) {
            client.state =
              event === "presence_state"
                ? PhoenixPresence.syncState(client.state, copy(payload))
                : PhoenixPresence.syncDiff(client.state, copy(payload));
          }
          expect(refsOf(client.state)).toEqual(refsOf(showRecords(records)));
          clients.push(client);
        }
      }
      for (const topic of ["room:1", "room:2"]) {
        tell(topic);
        for (const { state } of clients.filter((each) => each.topic === topic)) {
          expect(refsOf(state)).toEqual(refsOf(showRecords(recordsOf(topic))));
        }
      }
      expect(pending.size).toBe(0);
    }),
    { numRuns: 500 },
  );
});
