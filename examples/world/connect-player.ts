import { type Channel, PushError, Socket, type SocketOptions } from "holdfast/client";
import { withChange } from "./map.js";
import { type Change, type Player, readWay, type Snapshot, topicOf } from "./wire.js";

/** Who plays, in which world, and where that is. */
export interface PlayerOptions {
  readonly url: string;
  readonly name: string;
  readonly world: string;
  /** Shows the world as it is now. */
  readonly show: (world: Snapshot) => void;
  /** Says something about it. */
  readonly say: (line: string) => void;
  readonly socket?: SocketOptions;
}

interface WorldEvents {
  readonly in: { readonly snapshot: Snapshot; readonly changed: Change; readonly lost: object; readonly full: object };
  readonly out: { readonly go: { readonly way: string }; readonly crash: object };
  readonly replies: { readonly go: { readonly player: Player } };
}

/** One device of one player: knows the world as the last change left it. */
export class ConnectedPlayer {
  readonly socket: Socket;
  readonly #channel: Channel<WorldEvents>;
  readonly #show: (world: Snapshot) => void;
  readonly #say: (line: string) => void;
  #world: Snapshot | undefined;

  constructor({ url, name, world, show, say, socket = {} }: PlayerOptions) {
    this.#show = show;
    this.#say = say;
    this.socket = new Socket(url, { params: { name }, ...socket });
    this.#channel = this.socket.channel<WorldEvents>(topicOf(world));
    this.#channel.on("snapshot", (snapshot) => this.#knows(snapshot));
    this.#channel.on("changed", (change) => {
      // A change that was on its way before the snapshot is in it already.
      if (this.#world !== undefined && change.turn > this.#world.turn) this.#knows(withChange(this.#world, change));
    });
    this.#channel.on("lost", () => say("The world crashed. Its supervisor starts it again."));
    this.#channel.on("full", () => say("There is no room in this world."));
    this.socket.onClose(({ code }) => say(`The connection is gone (code ${code}).`));
    this.socket.onOpen(({ resumed }) => resumed && say("Back in the same session."));
    this.socket.connect();
    this.#channel.join().receive("error", (refusal) => say(`The world cannot be entered: ${JSON.stringify(refusal)}`));
  }

  /** The world as this player knows it. */
  get world(): Snapshot | undefined {
    return this.#world;
  }

  /** Does what a line says: a direction or its first letter, several with spaces between them, or `crash`. */
  async command(line: string): Promise<void> {
    for (const word of line.trim().split(/\s+/)) {
      const way = readWay(LETTERS[word] ?? word);
      if (word === "crash") this.#channel.push("crash", {});
      else if (way !== undefined) await this.#go(way);
      else if (word !== "") this.#say(`I do not know "${word}": n, e, s and w are steps, crash crashes the world.`);
    }
  }

  /** Ends the session: this device is gone at once. */
  leave(): void {
    this.socket.disconnect();
  }

  async #go(way: string): Promise<void> {
    try {
      await this.#channel.push("go", { way }).reply;
    } catch (error) {
      if (!(error instanceof PushError)) throw error;
      this.#say(`You cannot go ${way}: ${JSON.stringify(error.response ?? error.message)}`);
    }
  }

  #knows(world: Snapshot): void {
    this.#world = world;
    this.#show(world);
  }
}

const LETTERS: Readonly<Record<string, string>> = { n: "north", e: "east", s: "south", w: "west" };
