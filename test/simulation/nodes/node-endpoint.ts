import { Endpoint, type EndpointOptions, Presence } from "../../../actors/index.js";
import { child, Supervisor } from "../../../supervisors/index.js";

/** What runs on each node that clients connect to: who is present, and an endpoint. */
export class NodeEndpoint extends Supervisor<EndpointOptions> {
  override init(endpoint: EndpointOptions) {
    return {
      strategy: "one_for_one",
      intensity: 1_000,
      periodMs: 1_000,
      children: [
        child(Presence, { id: "presence" }),
        child(Endpoint, { id: "endpoint", args: endpoint, shutdown: 30_000 }),
      ],
    } as const;
  }
}
