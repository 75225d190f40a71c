import { type Channel, Socket } from "holdfast/client";
import { RoomEvent, topicOf } from "../wire.js";
import { ConnectionView } from "./connection-view.js";
import { find } from "./elements.js";
import { MessageList } from "./message-list.js";
import { NetworkSwitch } from "./network-switch.js";
import { Outgoing } from "./outgoing.js";
import { PeopleView } from "./people-view.js";
import { readHistory, readMessage, readPresent, readText } from "./read-events.js";

const OFF_MS = 5_000;

/** One person in one room, from this tab: a socket, its channel, and the parts of the page that show them. */
export class Chat {
  readonly #room: string;
  readonly #network = new NetworkSwitch();
  readonly #socket: Socket;
  readonly #channel: Channel;
  readonly #messages = new MessageList();
  readonly #outgoing = new Outgoing();
  #lostAt: number | undefined;

  constructor(person: string, room: string) {
    this.#room = room;
    this.#socket = new Socket("/socket", { params: { name: person }, webSocket: this.#network.webSocket });
    this.#channel = this.#socket.channel(topicOf(room));
  }

  /** Shows the room and connects. */
  open(): void {
    find("room-title", HTMLElement).textContent = `Room ${this.#room}`;
    document.title = `${this.#room} · Holdfast lobby`;
    find("chat", HTMLElement).hidden = false;
    this.#watchSocket();
    this.#listen();
    this.#serveForm();
    this.#serveDropButton();
    this.#channel.join().receive("error", (refusal) => {
      this.#messages.note(
        `The room cannot be joined: ${readText(refusal, "reason") ?? "it was refused"}. Trying again.`,
      );
    });
    this.#socket.connect();
    find("text", HTMLInputElement).focus();
  }

  #listen(): void {
    const people = new PeopleView();
    const channel = this.#channel;
    channel.on(RoomEvent.said, (payload) => {
      const message = readMessage(payload);
      if (message !== undefined) this.#messages.add(message);
    });
    channel.on(RoomEvent.history, (payload) => {
      const history = readHistory(payload);
      if (history !== undefined) this.#messages.addHistory(history);
    });
    channel.on(RoomEvent.present, (payload) => {
      const present = readPresent(payload);
      if (present !== undefined) people.show(present);
    });
    channel.on(RoomEvent.notice, (payload) => this.#messages.note(readText(payload, "text") ?? ""));
  }

  #watchSocket(): void {
    const socket = this.#socket;
    const view = new ConnectionView(() => socket.connect());
    socket.onState((state) => view.show(state));
    socket.onClose(({ code }) => {
      if (this.#lostAt !== undefined) return;
      this.#lostAt = performance.now();
      this.#messages.note(`The socket is gone (code ${code}).`);
    });
    socket.onOpen(({ resumed }) => {
      if (this.#lostAt === undefined) return;
      const awayS = ((performance.now() - this.#lostAt) / 1_000).toFixed(1);
      this.#lostAt = undefined;
      const what = resumed ? "session resumed, what you missed follows" : "in a new session";
      this.#messages.note(`Back after ${awayS} s: ${what}.`);
    });
    // Closing the tab ends the session at once; without this the server would wait for it to come back.
    addEventListener("pagehide", () => socket.disconnect());
    addEventListener("pageshow", ({ persisted }) => {
      if (persisted) socket.connect();
    });
  }

  #serveForm(): void {
    const text = find("text", HTMLInputElement);
    const translate = find("translate", HTMLInputElement);
    find("composer", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      if (text.value.trim() === "") return;
      const saying = { text: text.value, translate: translate.checked };
      void this.#outgoing.say(this.#channel, saying, this.#socket.isConnected());
      text.value = "";
      text.focus();
    });
  }

  #serveDropButton(): void {
    const button = find("drop", HTMLButtonElement);
    const label = button.textContent;
    button.addEventListener("click", () => {
      this.#network.cut(OFF_MS, (leftMs) => {
        button.disabled = leftMs > 0;
        button.textContent = leftMs > 0 ? `Off for ${Math.ceil(leftMs / 1_000)} s` : label;
        if (leftMs === 0) this.#socket.connect();
      });
      this.#socket.dropConnection();
    });
  }
}
