/**
 * What a client of a storm says: a few dialects over one WebSocket. Each is a client as its own library would be one, without the library.
 *
 * @typedef {"ws" | "ws-news" | "holdfast" | "socket.io"} StormDialect
 */

/** What a dialect asks of the client that speaks it. */
/**
 * @typedef {object} Speaker
 * @property {number} index
 * @property {string} room
 * @property {(text: string) => void} say
 * @property {(recovered: boolean) => void} ready it is connected, and hears its room
 * @property {(message: { n: number, at: number }) => void} news
 */

/** What there is of each client's session, however many connections it takes. */
export class HoldfastSession {
  /** @param {Speaker} speaker */
  constructor(speaker) {
    this.speaker = speaker;
  }

  /** @type {{ sid: string, secret: string, epoch: number } | undefined} */ #known;
  #rx = 0;
  #acked = 0;
  #seq = 0;
  #ref = 1;
  /** Frames that the server has not acknowledged. @type {{ seq: number, text: string }[]} */ #sent = [];
  #attached = false;

  opened() {
    const { index } = this.speaker;
    const known = this.#known;
    const [first] = this.#sent;
    const resume = known && { ...known, rx: this.#rx, txFirst: first?.seq ?? this.#seq + 1, txNext: this.#seq + 1 };
    const hello = { v: 1, token: `user${index}`, intent: resume ? "resume" : "new", ...(resume && { resume }) };
    this.#control("hello", hello);
  }

  closed() {
    this.#attached = false;
  }

  /** @param {number} n */
  push(n) {
    this.#send("1", "count", { c: this.speaker.index, n });
  }

  /** Acknowledges what was handled, if anything was. */
  sweep() {
    if (this.#attached && this.#rx > this.#acked) this.#ack();
  }

  /** @param {string} text */
  received(text) {
    const [, ref, topic, event, payload, seq, ack] = JSON.parse(text);
    if (typeof ack === "number") this.#taken(ack);
    if (topic === "phoenix") {
      if (event === "ping") this.#ack();
      else if (event === "ack") this.#taken(payload.ack);
      else if (event === "phx_reply" && ref === "hello") this.#welcomed(payload);
      return;
    }
    // Sent again: it was handled before.
    if (seq <= this.#rx) return;
    this.#rx = seq;
    if (this.#rx - this.#acked >= 32) this.#ack();
    if (event === "news") this.speaker.news(payload);
    else if (event === "phx_reply" && ref === "1") this.speaker.ready(false);
  }

  /** @param {{ status: string, response: any }} payload */
  #welcomed({ status, response }) {
    if (status !== "ok") return;
    const { sid, secret, epoch, resumed, rx } = response;
    this.#known = { sid, secret, epoch };
    this.#attached = true;
    this.#ack();
    if (resumed) {
      this.#taken(rx);
      for (const { text } of this.#sent) this.speaker.say(text);
      return this.speaker.ready(true);
    }
    this.#rx = this.#acked = this.#seq = 0;
    this.#sent = [];
    this.#ref = 0;
    this.#send("1", "phx_join", {});
  }

  /**
   * @param {string} joinRef
   * @param {string} event
   * @param {unknown} payload
   */
  #send(joinRef, event, payload) {
    const seq = ++this.#seq;
    const text = JSON.stringify([joinRef, String(++this.#ref), this.speaker.room, event, payload, seq]);
    this.#sent.push({ seq, text });
    if (this.#attached) this.speaker.say(text);
  }

  /** @param {number} ack */
  #taken(ack) {
    while (this.#sent[0] !== undefined && this.#sent[0].seq <= ack) this.#sent.shift();
  }

  #ack() {
    this.#acked = this.#rx;
    this.#control("ack", { ack: this.#rx });
  }

  /**
   * @param {string} event
   * @param {unknown} payload
   */
  #control(event, payload) {
    this.speaker.say(JSON.stringify([null, event, "phoenix", event, payload]));
  }
}

/** Socket.IO's client with recovery: Engine.IO 4 over WebSocket, `pid` and the last offset at each connect. */
export class SocketIoSession {
  /** @param {Speaker} speaker */
  constructor(speaker) {
    this.speaker = speaker;
  }

  /** @type {string | undefined} */ #pid;
  /** @type {string | undefined} */ #offset;
  #attached = false;
  /** Emitted while it was not connected: Socket.IO's client keeps these, and loses what was under way. @type {string[]} */ #waiting =
    [];

  opened() {}

  closed() {
    this.#attached = false;
  }

  sweep() {}

  /** @param {number} n */
  push(n) {
    const text = `42${n + 1_000}${JSON.stringify(["count", { c: this.speaker.index, n }])}`;
    if (this.#attached) this.speaker.say(text);
    else this.#waiting.push(text);
  }

  /** @param {string} text */
  received(text) {
    const type = text[0];
    if (type === "2") this.speaker.say("3");
    else if (type === "0") {
      this.speaker.say(
        this.#pid === undefined ? "40" : `40${JSON.stringify({ pid: this.#pid, offset: this.#offset })}`,
      );
    } else if (text.startsWith("40")) {
      const { pid } = JSON.parse(text.slice(2));
      const recovered = pid === this.#pid && pid !== undefined;
      this.#pid = pid;
      this.#attached = true;
      if (recovered) this.#ready(true);
      else this.speaker.say(`421${JSON.stringify(["join", this.speaker.room])}`);
    } else if (text.startsWith("431[")) this.#ready(false);
    else if (text.startsWith("42")) {
      const parts = JSON.parse(text.slice(2));
      const last = parts.at(-1);
      if (typeof last === "string") this.#offset = last;
      if (parts[0] === "news") this.speaker.news(parts[1]);
    }
  }

  /** @param {boolean} recovered */
  #ready(recovered) {
    this.speaker.ready(recovered);
    for (const text of this.#waiting.splice(0)) this.speaker.say(text);
  }
}

/** Connected is all that it can be. */
export class BareSession {
  /** @param {Speaker} speaker */
  constructor(speaker) {
    this.speaker = speaker;
  }

  opened() {
    this.speaker.ready(false);
  }

  closed() {}
  sweep() {}
  push() {}
  /** @param {string} _text */
  received(_text) {}
}

/** A bare client that hears its room all the same: the server knows the room from the path. */
class ListeningSession extends BareSession {
  /**
   * @override
   * @param {string} text
   */
  received(text) {
    this.speaker.news(JSON.parse(text));
  }
}

/** The path, by the number of the room, and the session of each dialect. */
export const stormDialects = {
  ws: { path: () => "/", Session: BareSession },
  "ws-news": { path: (/** @type {number} */ room) => `/${room}`, Session: ListeningSession },
  holdfast: { path: () => "/socket/websocket?vsn=2.0.0", Session: HoldfastSession },
  "socket.io": { path: () => "/socket.io/?EIO=4&transport=websocket", Session: SocketIoSession },
};
