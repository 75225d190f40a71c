import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, realClock } from "../../../kernel/clock.js";
import type { CoresSettings } from "../../cluster-options.js";
import type { Member } from "../../engine.js";
import { isSameNode, type NodeIdentity } from "../../node-identity.js";
import { hostSocket } from "../core-place.js";
import { FrameSocket } from "../frame-socket.js";
import { RegisterHost } from "../register-host.js";
import { decodeRequest } from "../register-message.js";
import { CoreLife, type CoreOwner } from "./core-life.js";
import { FOLDER_PREFIX, removeDeadFolders } from "./dead-folders.js";
import { MemberWatch } from "./member-watch.js";
import { SharedListeners } from "./shared-listeners.js";

/** What a {@link CoresHost} is made with. */
export interface HostSetup {
  readonly settings: CoresSettings;
  readonly main: string;
  readonly clock: Clock;
  /** Told what goes wrong at the doors. */
  readonly onError: (error: Error) => void;
}

/** What the processes of the cores have in common: their folder, the register, and the ports. */
export class CoresHost {
  readonly settings: CoresSettings;
  readonly clock: Clock;
  readonly folder: string;
  /** The host as others see it; it is no member. */
  readonly self: NodeIdentity = { name: "host", incarnation: `host-${randomBytes(4).toString("hex")}` };
  readonly register = new RegisterHost();
  readonly listeners: SharedListeners;
  readonly #main: string;
  readonly #lives = new Map<string, CoreLife>();
  readonly #listeners = new Set<(member: Member) => void>();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #watch: MemberWatch;
  /** What the core said or did that ended last by itself. */
  lastEnd: string | undefined;

  private constructor(setup: HostSetup, folder: string) {
    this.settings = setup.settings;
    this.clock = setup.clock;
    this.folder = folder;
    this.#main = setup.main;
    this.listeners = new SharedListeners(setup.clock, setup.onError);
    this.#server = createServer((socket) => this.#accept(socket));
    this.#watch = new MemberWatch(this.self, this.register, setup.clock, (member) => this.#changed(member));
  }

  static async open(setup: HostSetup): Promise<CoresHost> {
    // Made with mode 0700: nobody else can reach what is in it.
    const folder = await mkdtemp(join(tmpdir(), FOLDER_PREFIX));
    const host = new CoresHost(setup, folder);
    await new Promise<void>((resolve, reject) => {
      host.#server.once("error", reject);
      host.#server.listen(hostSocket(folder), resolve);
    });
    host.#server.on("error", setup.onError);
    await removeDeadFolders(tmpdir(), realClock);
    return host;
  }

  /** The cores that are members now. */
  get members(): readonly Member[] {
    return this.#watch.members;
  }

  /** The processes that run now. */
  get lives(): readonly CoreLife[] {
    return [...this.#lives.values()];
  }

  /** Starts the process of a core. */
  begin(name: string, index: number, owner: CoreOwner): CoreLife {
    const { cores, leaseMs } = this.settings;
    const incarnation = `${name}-${randomBytes(4).toString("hex")}`;
    const args = process.argv.slice(2);
    const place = { name, incarnation, index, cores, folder: this.folder, main: this.#main, args, leaseMs };
    const life = new CoreLife(this, place, owner);
    this.#lives.set(incarnation, life);
    return life;
  }

  /** The process of a core has ended. */
  ended(life: CoreLife): void {
    this.#lives.delete(life.node.incarnation);
    this.#watch.declareDown(life.node, "exit");
    this.listeners.lost(life);
  }

  /** Orders all cores to stop, so that they do it side by side. */
  orderAll(): void {
    for (const life of this.#lives.values()) life.order();
  }

  /** Tells of each core whose state changes. Returns a function that ends it. */
  onMember(listener: (member: Member) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    for (const life of this.#lives.values()) life.kill();
    this.listeners.close();
    this.#watch.close();
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    await rm(this.folder, { recursive: true, force: true });
  }

  #changed(member: Member): void {
    for (const listener of this.#listeners) listener(member);
    if (member.state !== "down" || member.why === "left") return;
    // Others may have what it held by now: it must not go on, should it wake.
    for (const life of this.#lives.values()) {
      if (isSameNode(life.node, member.node)) life.fail(`It was declared down (${member.why ?? "no reason"})`);
    }
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    const line = new FrameSocket(socket, {
      frame: (frame) => {
        const request = decodeRequest(frame);
        if (request === undefined) line.destroy();
        else this.register.request(line, request);
      },
      closed: () => {
        this.#sockets.delete(socket);
        this.register.closed(line);
      },
    });
  }
}
