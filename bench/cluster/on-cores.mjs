/** Starts a program of the bench on cores, with this process as their host. */
import { resolve } from "node:path";
import { loadCluster, loadKernel } from "../harness/packages.mjs";
import { BENCH } from "../harness/context.mjs";

/**
 * @param {string} file the module that the cores load, under bench/
 * @param {number} cores
 * @returns {Promise<{ system: import("../../src/index.js").ActorSystem, find: (name: string) => Promise<any> }>} `find` gives the ref of who has a name
 */
export async function startOnCores(file, cores) {
  const { createSystem } = await loadKernel();
  const { clusterOf } = await loadCluster();
  const system = await createSystem({ cluster: { cores, main: resolve(BENCH, file) } });
  const { names } = clusterOf(system);
  return {
    system,
    async find(name) {
      const holder = await names.lookup(name);
      if (holder === undefined) throw new Error(`Expected an actor of a core to be registered as ${name}`);
      return holder.ref;
    },
  };
}
