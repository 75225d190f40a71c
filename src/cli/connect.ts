import { chooseServer, listServers } from "../inspect/protocol/discover.js";
import { connectInspector, type InspectorClient } from "../inspect/protocol/inspector-client.js";
import { runtimeDirectories } from "../inspect/protocol/runtime-directory.js";
import type { Target } from "./arguments.js";
import type { CliIo } from "./cli-io.js";

/**
 * Finds the one server that is meant and connects to it.
 *
 * @throws {InspectorError} `no_server`, `several_servers`, `unsafe_directory` or `no_answer`
 */
export async function connectTo(target: Target, io: CliIo): Promise<InspectorClient> {
  if (target.socket !== undefined) return connectInspector(target.socket);
  const directories = runtimeDirectories(io.env);
  const server = chooseServer(await listServers(directories), target, directories);
  return connectInspector(server.path);
}
