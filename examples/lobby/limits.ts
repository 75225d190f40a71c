import type { AdmissionOptions } from "holdfast/actors";

/** What the command line says about visitors. */
export interface VisitorLimits {
  /** Tabs of one address at a time; this machine has as many as it likes. */
  readonly tabs: number;
  /** Messages of one tab, a second. */
  readonly messages: number;
}

/** The limits without options: a class of students behind one address is welcome, a script that talks without end is not. */
export const VISITOR_LIMITS: VisitorLimits = { tabs: 500, messages: 200 };

/** The fewest messages a second: a client also has to answer the server's. */
export const FEWEST_MESSAGES = 10;

/** Messages at once after a rest: who comes back says all that it could not say meanwhile, 256 at most. */
const REST = 5;
const LEAST_BURST = 256;
const BYTES_PER_SECOND = 256 * 1024;
/** A name belongs to nobody in particular here, but one is not to speak for all. */
const TABS_OF_ONE_NAME = 50;

/** The limits in the words of the endpoint; whoever has one name has twice what one tab has. */
export function admissionOf({ tabs, messages }: VisitorLimits): AdmissionOptions {
  const burst = Math.max(LEAST_BURST, REST * messages);
  return {
    connectionsPerAddress: tabs,
    pendingPerAddress: tabs,
    addressPerSecond: Math.max(1, Math.ceil(tabs / 10)),
    addressBurst: 2 * tabs,
    connectionsPerUser: TABS_OF_ONE_NAME,
    messagesPerSecond: messages,
    messagesBurst: burst,
    bytesPerSecond: BYTES_PER_SECOND,
    bytesBurst: REST * BYTES_PER_SECOND,
    userMessagesPerSecond: 2 * messages,
    userMessagesBurst: 2 * burst,
    userBytesPerSecond: 2 * BYTES_PER_SECOND,
    userBytesBurst: 2 * REST * BYTES_PER_SECOND,
  };
}
