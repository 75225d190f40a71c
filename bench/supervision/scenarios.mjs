/** Supervisors beside OTP's. */
import { programs } from "../harness/programs.mjs";

const perSecond = /** @type {const} */ ({ unit: "per second", better: "more" });
const COUNTED = "BEAM, reports counted";
const OFF = "BEAM, reports off";

/**
 * @param {string} name
 * @param {string} about
 * @param {string} row
 * @param {readonly string[]} longest which peers go on to 50,000
 */
function crashes(name, about, row, longest) {
  return programs({
    name,
    about: `${about}: restarts`,
    ...perSecond,
    beam: { [COUNTED]: row, [OFF]: `${row}_off` },
    rows: {
      few: { title: `${about}: restarts, 1,000 in a row` },
      more: { title: `${about}: restarts, 10,000 in a row` },
      many: { title: `${about}: restarts, 50,000 in a row`, peers: longest },
      slope: { title: `${about}: rate after 25,000 by that of 1,000`, unit: "times", peers: longest },
    },
  });
}

/** @type {readonly import("../scenarios.mjs").Scenario[]} */
export const supervisionScenarios = [
  crashes("crash-throw", "a child that throws", "sup_crash_throw", []),
  crashes("crash-exit", "a child that ends with a reason", "sup_crash_exit", [COUNTED]),
  programs({
    name: "one-for-all",
    about: "one_for_all, 100 children, one crash",
    unit: "us",
    better: "less",
    beam: { "BEAM supervisor": "sup_one_for_all" },
  }),
  programs({
    name: "static-children",
    about: "1,000 static children",
    ...perSecond,
    beam: { "BEAM supervisor": "sup_static_children" },
    rows: {
      start: { title: "1,000 static children: start" },
      stop: { title: "1,000 static children: ordered stop" },
    },
  }),
];
