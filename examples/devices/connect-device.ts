import { type Channel, Presence, PushError, Socket, type SocketOptions } from "holdfast/client";
import { type Note, readText } from "./wire.js";

/** Who connects, with what, and where to. */
export interface DeviceOptions {
  readonly url: string;
  readonly name: string;
  readonly device: string;
  /** Shows a line. */
  readonly say: (line: string) => void;
  readonly socket?: SocketOptions;
}

interface PeopleEvents {
  readonly in: { readonly told: Note; readonly replaced: object };
  readonly out: { readonly tell: { readonly to: string; readonly text: string } };
  readonly replies: { readonly tell: { readonly devices: number } };
}

interface Meta {
  readonly device: string;
  readonly phx_state: "online" | "detached";
}

/** One device of one person: shows who is here and what it is told, and tells others. */
export class Device {
  readonly #socket: Socket;
  readonly #channel: Channel<PeopleEvents>;
  readonly #name: string;
  readonly #say: (line: string) => void;
  #shown = "";

  constructor({ url, name, device, say, socket = {} }: DeviceOptions) {
    this.#say = say;
    this.#name = name;
    this.#socket = new Socket(url, { params: { name }, ...socket });
    this.#channel = this.#socket.channel<PeopleEvents>("people", { device });
    const presence = new Presence<Meta>(this.#channel);
    presence.onSync(() => this.#show(presence));
    this.#channel.on("told", (note) => say(`${note.from} (${note.device}): ${note.text}`));
    this.#channel.on("replaced", () => say("Another device has taken this one's place."));
    this.#socket.connect();
    this.#channel.join();
  }

  /** Tells what `bob: hello` says; without a name it is for one's own other devices. */
  async tell(line: string): Promise<void> {
    const [, to = this.#name, text = line] = /^(\w+): *(.*)$/.exec(line) ?? [];
    try {
      const { devices } = await this.#channel.push("tell", { to, text }).reply;
      this.#say(`Told ${to} on ${devices} ${devices === 1 ? "device" : "devices"}`);
    } catch (error) {
      if (!(error instanceof PushError)) throw error;
      this.#say(readText(error.response, "reason") ?? error.message);
    }
  }

  /** Ends the session: this device is gone at once. */
  leave(): void {
    this.#socket.disconnect();
  }

  #show(presence: Presence<Meta>): void {
    const people = presence.list((name, { metas }) => {
      const devices = metas.map(({ device, phx_state: state }) => (state === "online" ? device : `${device}, away`));
      return `${name} (${devices.sort().join("; ")})`;
    });
    const line = `Here: ${people.sort().join(", ")}`;
    // A diff need not change what is shown.
    if (line !== this.#shown) this.#say(line);
    this.#shown = line;
  }
}
