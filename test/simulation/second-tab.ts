import type { Clock } from "../../src/index.js";
import { decodeTextFrame, encodeBody, sealBody } from "../../src/protocol/frame.js";
import type { FaultyNetwork } from "../../src/testing/index.js";
import type { Credentials } from "./wire-watch.js";

/** Who comes with somebody's session. */
export interface SecondTabOptions extends Credentials {
  readonly secret: string;
  readonly token: string;
  /** Whether it confirms that it has the new secret. */
  readonly acknowledges: boolean;
}

const STAYS_MS = 3_000;

/** A copy of a tab, or a thief: attaches with what a client knows of its session, stays a while and is gone without a word. */
export function openSecondTab(
  network: Pick<FaultyNetwork, "webSocket" | "url" | "lines">,
  clock: Clock,
  options: SecondTabOptions,
): void {
  const { acknowledges, token, sid, epoch, rx, secret } = options;
  const Dialled = network.webSocket("second tab");
  const socket = new Dialled(`${network.url}/socket/websocket?vsn=2.0.0`);
  const resume = { sid, secret, epoch, rx, txFirst: 1, txNext: 1 };
  const send = (event: string, payload: object): void =>
    socket.send(sealBody(encodeBody(null, event, "phoenix", event, payload)));
  socket.onopen = () => send("hello", { v: 1, intent: "resume", token, resume });
  socket.onmessage = ({ data }) => {
    const decoded = typeof data === "string" ? decodeTextFrame(data) : undefined;
    const answered = decoded?.ok === true && decoded.frame.ref === "hello";
    if (answered && acknowledges) send("ack", { ack: rx });
  };
  clock.setTimer(STAYS_MS, () => {
    for (const line of network.lines("second tab")) line.cut();
  });
}
