/**
 * What is to be reached, row by row, as data. A ratio is that of two medians of one run; an absolute figure is a promise to users.
 *
 * `history` is what the peer reached on the machine where the targets were set (2 cores, Node 20.20, OTP 25, Debian 12). It is printed
 * where the peer cannot run, and no verdict is drawn from it.
 */

/** @typedef {import("./harness/statistics.mjs").Goal} Goal */

/** @type {readonly (Goal & { peer?: string })[]} */
const NAMES = [
  { peer: "BEAM pg", kind: "ratio", at: 1 },
  { peer: "BEAM gproc", kind: "ratio", at: 3 },
];

/** A name of the system is what `register` of Erlang makes; one of a registry is what gproc makes. @type {readonly (Goal & { peer?: string })[]} */
const SYSTEM_NAMES = [{ peer: "BEAM register", kind: "ratio", at: 1 }, ...NAMES];

/** @type {Goal} */
const NOTHING = { kind: "absolute", at: 0 };

/** @type {readonly (Goal & { peer?: string })[]} */
const leases = [
  { peer: "generic-pool", kind: "ratio", at: 1 },
  { peer: "tarn", kind: "ratio", at: 1 },
  { peer: "pg-pool", kind: "ratio", at: 1 },
  { peer: "BEAM gen_server", kind: "ratio", at: 1 },
];

/** Of what the same bytes cost when nothing but them crosses. @type {Goal & { peer: string }} */
const BY_HAND = { peer: "raw socket framed alike", kind: "ratio", at: 0.8 };

/** @type {readonly (Goal & { peer?: string })[]} */
const REMOTE = [BY_HAND, { peer: "comedy", kind: "ratio", at: 1 }];

/** @type {Readonly<Record<string, readonly (Goal & { peer?: string })[]>>} goals by row */
export const goals = {
  cast: [{ peer: "BEAM gen_server", kind: "ratio", at: 3 }],
  send: [{ peer: "BEAM !", kind: "ratio", at: 1.5 }],
  call: [{ peer: "BEAM gen_server", kind: "ratio", at: 3 }],
  "call-100": [
    { peer: "comedy", kind: "ratio", at: 2 },
    { peer: "BEAM gen_server", kind: "ratio", at: 2 },
  ],
  "ping-pong": [{ peer: "BEAM !", kind: "ratio", at: 2 }],
  ring: [{ peer: "BEAM !", kind: "ratio", at: 2.5 }],
  "fan-out": [{ peer: "BEAM pg", kind: "ratio", at: 0.4 }],
  topic: [{ peer: "BEAM pg", kind: "ratio", at: 0.4 }],
  "topic-pause": [{ kind: "absolute", at: 20 }],
  spawn: [{ peer: "BEAM gen_server", kind: "ratio", at: 4 }],
  "spawn-supervised": [{ peer: "BEAM simple_one_for_one", kind: "ratio", at: 3 }],
  bytes: [{ kind: "absolute", at: 400 }],
  "bytes-supervised": [{ kind: "absolute", at: 600 }],
  "crash-throw-few": [{ peer: "BEAM, reports counted", kind: "ratio", at: 1 }],
  "crash-throw-more": [{ peer: "BEAM, reports counted", kind: "ratio", at: 1 }],
  "crash-throw-slope": [{ kind: "absolute", at: 0.8 }],
  "crash-exit-few": [{ peer: "BEAM, reports counted", kind: "ratio", at: 1 }],
  "crash-exit-more": [{ peer: "BEAM, reports counted", kind: "ratio", at: 1 }],
  "crash-exit-many": [{ peer: "BEAM, reports counted", kind: "ratio", at: 1 }],
  "crash-exit-slope": [{ kind: "absolute", at: 0.8 }],
  "one-for-all": [{ peer: "BEAM supervisor", kind: "ratio", at: 1 }],
  "static-children-start": [{ peer: "BEAM supervisor", kind: "ratio", at: 1 }],
  "static-children-stop": [{ peer: "BEAM supervisor", kind: "ratio", at: 1 }],
  "names-register": SYSTEM_NAMES,
  "names-lookup": SYSTEM_NAMES,
  "names-lives": SYSTEM_NAMES,
  "registry-names-register": NAMES,
  "registry-names-lookup": NAMES,
  "registry-names-lives": NAMES,
  "registry-scan-select": [{ kind: "absolute", at: 42 }],
  "registry-scan-count": [{ kind: "absolute", at: 42 }],
  "registry-groups-join": [{ peer: "BEAM pg, 10,000", kind: "ratio", at: 1 }],
  "registry-groups-end": [{ peer: "BEAM pg, 10,000", kind: "ratio", at: 1 }],
  "registry-groups-slope": [{ kind: "absolute", at: 0.3 }],
  "lease-one": leases,
  "lease-100": leases,
  "lease-waiters": leases,
  "lease-message": [{ peer: "BEAM gen_server", kind: "ratio", at: 1 }],
  "lease-deaths": [{ peer: "BEAM gen_server", kind: "ratio", at: 1 }],
  "savina-ping-pong": [{ peer: "BEAM !", kind: "ratio", at: 1 }],
  "savina-counting": [{ peer: "BEAM !", kind: "ratio", at: 1 }],
  "savina-fork-join-create": [{ peer: "BEAM !", kind: "ratio", at: 1 }],
  "savina-fork-join-throughput": [{ peer: "BEAM !", kind: "ratio", at: 1 }],
  "savina-thread-ring": [{ peer: "BEAM !", kind: "ratio", at: 1 }],
  "savina-chameneos": [{ peer: "BEAM !", kind: "ratio", at: 1 }],
  "savina-big": [{ peer: "BEAM !", kind: "ratio", at: 1 }],
  "savina-concurrent-dictionary": [{ peer: "BEAM !", kind: "ratio", at: 1 }],
  "store-process-16": [{ peer: "bare lmdb", kind: "ratio", at: 0.5 }],
  "store-process-128": [{ peer: "bare lmdb", kind: "ratio", at: 0.5 }],
  "store-process-1000": [{ peer: "bare lmdb", kind: "ratio", at: 0.5 }],
  "store-disk-16": [{ peer: "bare lmdb", kind: "ratio", at: 0.5 }],
  "store-disk-128": [{ peer: "bare lmdb", kind: "ratio", at: 0.5 }],
  "store-disk-1000": [{ peer: "bare lmdb", kind: "ratio", at: 0.5 }],
  "store-loop-p99": [{ kind: "absolute", at: 5 }],
  "idle-heap-defaults": [{ peer: "ws", kind: "difference", at: 1_024 }],
  "idle-heap-shipped": [{ peer: "ws", kind: "difference", at: 1_024 }],
  "idle-rss-shipped": [{ kind: "absolute", at: 5 * 1_024 }],
  "idle-rss-used-shipped": [{ kind: "absolute", at: 5.2 * 1_024 }],
  "accept-session": [{ peer: "ws", kind: "ratio", at: 1.3 }],
  "echo-1": [{ peer: "ws", kind: "ratio", at: 0.8 }],
  "echo-16": [{ peer: "ws", kind: "ratio", at: 2.5 }],
  "echo-raw-1": [{ peer: "ws", kind: "ratio", at: 0.95 }],
  "echo-raw-16": [{ peer: "ws", kind: "ratio", at: 4 }],
  broadcast: [{ peer: "ws", kind: "ratio", at: 1 }],
  "port-cast-node": [{ kind: "absolute", at: 0.95 }],
  "port-send-node": [{ kind: "absolute", at: 0.95 }],
  "port-call-node": [{ kind: "absolute", at: 0.95 }],
  "port-cast-solo": [{ kind: "absolute", at: 0.95 }],
  "port-send-solo": [{ kind: "absolute", at: 0.95 }],
  "port-call-solo": [{ kind: "absolute", at: 0.95 }],
  "remote-cast-1": REMOTE,
  "remote-cast-10": [BY_HAND],
  "remote-cast-100": [BY_HAND],
  "remote-cast-1000": [{ peer: "comedy", kind: "ratio", at: 1 }],
  "remote-call-1": REMOTE,
  "remote-call-256": REMOTE,
  "cores-kill-known": [{ kind: "absolute", at: 50 }],
  "dropped-back": [{ peer: "ws", kind: "ratio", at: 1.5 }],
  ...Object.fromEntries(
    ["dropped", "half-open", "black-hole", "restart"].flatMap((storm) =>
      ["not-recovered", "lost", "twice", "pushes-lost"].map((what) => [`${storm}-${what}`, [NOTHING]]),
    ),
  ),
  ...Object.fromEntries(["dropped", "half-open", "black-hole"].map((storm) => [`${storm}-pushes-twice`, [NOTHING]])),
};

/** @type {Readonly<Record<string, Readonly<Record<string, number>>>>} what peers reached, by row and peer, in the row's unit */
export const history = {
  cast: { "BEAM gen_server": 6.5e6, comedy: 1.5e6, nact: 0.64e6 },
  send: { "BEAM !": 11.2e6, nact: 0.64e6 },
  call: { "BEAM gen_server": 0.83e6, comedy: 0.58e6, nact: 0.42e6 },
  "call-100": { "BEAM gen_server": 1.3e6, comedy: 1.7e6, nact: 0.41e6 },
  "ping-pong": { "BEAM !": 2.6e6 },
  ring: { "BEAM !": 4.7e6 },
  "fan-out": { "BEAM pg": 40, "BEAM list": 36, nact: 140 },
  spawn: { "BEAM gen_server": 319e3, comedy: 51e3, nact: 333e3 },
  "spawn-raw": { "BEAM spawn": 325e3 },
  "spawn-supervised": { "BEAM simple_one_for_one": 185e3 },
  bytes: { "BEAM gen_server hibernated": 1_160, "BEAM process": 2_655, comedy: 1_350, nact: 1_171 },
  "crash-exit-few": { "BEAM, reports counted": 100e3 },
  "crash-exit-more": { "BEAM, reports counted": 11e3 },
  "crash-exit-many": { "BEAM, reports counted": 6.7e3 },
  "one-for-all": { "BEAM supervisor": 380 },
  "static-children-start": { "BEAM supervisor": 216e3 },
  "static-children-stop": { "BEAM supervisor": 439e3 },
  "names-register": { "BEAM gproc": 339e3 },
  "names-lookup": { "BEAM gproc": 2.3e6 },
  "registry-names-register": { "BEAM gproc": 339e3 },
  "registry-names-lookup": { "BEAM gproc": 2.3e6 },
  "registry-scan-select": { "BEAM ets ordered_set": 50, "BEAM ets set": 190 },
  "registry-scan-count": { "BEAM ets ordered_set": 50, "BEAM ets set": 190 },
  "remote-cast-1000": { comedy: 210e3 },
  "remote-call-1": { comedy: 11e3 },
  "cores-kill-back": { comedy: 220 },
};
