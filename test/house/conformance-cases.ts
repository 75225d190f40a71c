/** The numbers of one kind of conformance cases, by section letter. */
export type CasesBySection = Readonly<Record<string, readonly number[]>>;

/**
 * Cases of the conformance list that must be tested: the core contract and parity with OTP.
 *
 * The numbers have gaps on purpose: the semantics are OTP's, whole, and not only what is listed here.
 */
export const coreCases: CasesBySection = {
  // Supervisor: start
  A: [1, 2, 4, 6, 7, 9, 11, 12, 14, 16, 17, 19],
  // Supervisor: shutdown
  B: [22, 24, 26, 27, 29, 31, 32, 34],
  // Supervisor: child administration
  C: [36, 37, 39, 42, 44],
  // Supervisor: restart types and strategies
  D: [46, 47, 49, 51, 52, 54, 56, 57, 59, 61],
  // Supervisor: restart intensity
  E: [62, 64, 66, 67, 69],
  // Supervisor: a child that fails to restart
  F: [71, 72, 74, 76, 77, 79],
  // Supervisor: significant children and auto_shutdown
  G: [81, 82, 84, 86, 87],
  // Supervisor: reports and memory
  I: [92, 96, 97],
  // Dynamic supervisor
  J: [101, 102, 104, 106, 107, 109, 111, 112, 114, 117],
  // Partition supervisor
  K: [119, 121, 122],
  // Processes: exit signals and links
  L: [126, 127, 129, 132, 134, 136, 137, 139, 141, 142, 144],
  // Monitors
  M: [146, 147, 151, 152, 156, 157],
  // Aliases
  N: [159, 161, 162, 164],
  // Timers
  O: [166, 167, 171, 172, 177, 179],
  // Names
  P: [181, 182],
  // Ordering, mailbox, priority
  Q: [184, 186, 187, 189],
  // Introspection, label, hibernate, suspend
  R: [192, 194, 196, 197],
  // Start protocol and crash reports
  S: [201, 202, 204, 206, 207],
  // gen_server: start and stop
  T: [212, 214, 217, 219, 221, 222],
  // gen_server: call, cast, info
  U: [224, 226, 227, 229, 231, 232, 236, 237],
  // gen_server: continue, timeouts, hibernate
  V: [239, 241, 244],
  // gen_server: asynchronous requests
  W: [246, 247, 249, 251, 252, 254],
  // gen_server: status, state, upgrade
  X: [256, 257, 259],
  // gen_statem
  Y: [264, 266, 267, 269, 271, 272, 274, 276, 277, 279, 282],
  // gen_event
  Z: [286, 287, 289, 291, 292, 294, 297],
  // sys
  AA: [299, 301, 302, 304],
  // Application
  AB: [306, 307, 309, 312],
  // pg
  AC: [316, 317, 321, 322, 324, 326, 329],
  // Registry
  AD: [331, 332, 334, 336, 337, 339, 341, 342, 344, 346, 347],
  // Task
  AE: [351, 352, 354, 356, 357, 359, 361, 362, 364, 366, 367, 369, 371, 372],
  // Task.Supervisor
  AF: [377, 379, 381, 382],
  // GenStage
  AG: [384, 386, 387, 389, 391, 392],
  // gproc-like registry
  AH: [396, 397, 399, 401, 402, 404, 406, 407, 409, 411, 412, 414, 416, 417, 419, 421, 422, 424, 429],
  // Lease manager
  AI: [431, 432, 434, 436, 437, 439, 441, 442],
  // Derived from defects in other runtimes
  AJ: [444, 446, 447, 449, 451, 452, 454, 456, 457, 459, 461, 462, 464, 466, 467],
};

/** Cases at the edge: tested as well, or explained. */
export const edgeCases: CasesBySection = {
  // Supervisor: start
  A: [21],
  // Supervisor: child administration
  C: [41],
  // Supervisor: significant children and auto_shutdown
  G: [89],
  // Supervisor: code change
  H: [91],
  // Supervisor: reports and memory
  I: [94, 99],
  // Dynamic supervisor
  J: [116],
  // Partition supervisor
  K: [124],
  // Processes: exit signals and links
  L: [131],
  // Monitors
  M: [149, 154],
  // Timers
  O: [169, 174, 176],
  // Ordering, mailbox, priority
  Q: [191],
  // Introspection, label, hibernate, suspend
  R: [199],
  // Start protocol and crash reports
  S: [209, 211],
  // gen_server: start and stop
  T: [216],
  // gen_server: call, cast, info
  U: [234],
  // gen_server: continue, timeouts, hibernate
  V: [242],
  // gen_server: status, state, upgrade
  X: [261, 262],
  // gen_statem
  Y: [281, 284],
  // gen_event
  Z: [296],
  // Application
  AB: [311, 314],
  // pg
  AC: [319, 327],
  // Registry
  AD: [349],
  // Task
  AE: [374, 376],
  // GenStage
  AG: [394],
  // gproc-like registry
  AH: [426, 427],
};

/** A case that has no equivalent here: which row of docs/otp-differences.md says so, by its heading and the beginning of the row. */
export interface CaseWithoutEquivalent {
  readonly number: number;
  readonly heading: string;
  readonly row: string;
}

/** What cannot be tested because it does not exist. */
export const withoutEquivalent: readonly CaseWithoutEquivalent[] = [
  {
    number: 39,
    heading: "Supervisors",
    row: "A start function may return `{ok, Pid, Info}`, and `start_child` hands the `Info` on.",
  },
  {
    number: 191,
    heading: "What JavaScript cannot do",
    row: "`message_queue_data`, process priority, heap sizes, group leaders, reductions in `process_info`.",
  },
  {
    number: 216,
    heading: "What JavaScript cannot do",
    row: "Processes that were not started by `proc_lib` may enter a server loop.",
  },
];
