/** A bare `ws` server in a storm: it accepts, and that is all. */
import { WebSocketServer } from "ws";
import { answerStorm, Tally } from "./storm-control.mjs";

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, clientTracking: false, perMessageDeflate: false });
await new Promise((resolve) => server.once("listening", resolve));
const address = server.address();

answerStorm(
  {
    port: typeof address === "object" && address !== null ? address.port : 0,
    publish: () => undefined,
    stop: () => server.close(),
  },
  new Tally(),
);
