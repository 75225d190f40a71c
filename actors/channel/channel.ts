import {
  Actor,
  type ActorClass,
  BadArgumentError,
  BadReturnError,
  messages,
  type Report,
  type Reporter,
  type reservedNames,
  startup,
  type ValidateOptions,
  whatCame,
} from "../../src/index.js";
import { nodeOf } from "../../src/cluster/node-port.js";
import type { Frame } from "../../src/protocol/frame.js";
import { isReservedEvent } from "../../src/protocol/names.js";
import type { ChannelRow } from "../session/channel-table.js";
import { encodePush, encodeReply, type OwnFrame } from "../session/frame-body.js";
import { isJson } from "../session/kept-meta.js";
import type { Identity, SessionRef } from "../session/session-messages.js";
import type { BroadcastOptions } from "../topic/broadcast.js";
import type { Subscriptions } from "../topic/subscriptions.js";
import { type Answer, error, isAnswer, type JoinAnswer, ok } from "./answer.js";
import { type ChannelChecks, type ChannelSchemas, type Checked, type Checking, checksOf } from "./channel-schemas.js";
import type { SessionState } from "./channel-messages.js";
import type { JoinRefused } from "./join-refused.js";
import { checkOverflow, type Gap, type Overflow } from "./overflow.js";
import { DurableChannel } from "./durable-channel.js";
import { type Refusal, refusalFor } from "./refusal.js";

/** A class that serves topics. */
export interface ChannelClass extends ActorClass<Channel> {
  readonly schemas?: ChannelSchemas;
  readonly overflow?: Overflow;
  readonly retained?: boolean;
  readonly prototype: Channel;
}

/** What the channels of an endpoint share. */
export interface ChannelSurroundings {
  readonly subscriptions: Subscriptions;
  readonly limits: { readonly windowBytes: number };
  /** Takes reports of what clients cause. */
  readonly report: Reporter;
  /** Only there on a node of a cluster. */
  readonly homes?: object | undefined;
}

/** What a session starts a channel with; the channel leaves its answer to the join here. */
export interface ChannelStart {
  readonly row: ChannelRow;
  readonly params: unknown;
  readonly identity: Identity;
  readonly context: ChannelSurroundings;
  /** Present when its client had joined before the server was started anew: what was kept of the channel. */
  readonly restored?: { readonly state: unknown };
  answer: Answer | undefined;
}

/**
 * One joined topic of one client: an actor that hears what the client pushes there, and can push back.
 *
 * It belongs to the client's session, so it lives on while the client's socket is lost, and its state with it. Subclass it, and give the
 * class to an endpoint's `channels`. `join` decides who may come in; `handleIn` gets each push. A channel that crashes tells the client
 * `phx_error`, upon which clients join again; one that stops tells it `phx_close`.
 *
 * ```ts
 * class Room extends Channel {
 *   override join() { return ok({ welcome: this.topic }); }
 *   override handleIn(event: string, payload: unknown) {
 *     if (event === "say") this.broadcast("said", { by: this.user, payload });
 *     return ok();
 *   }
 * }
 * ```
 */
export abstract class Channel extends Actor<ChannelStart> {
  static readonly [messages]: readonly string[] = ["incoming", "gap", "missed", "sessionIs", "identityIs", "rejoined"];
  declare readonly [reservedNames]?:
    | "join"
    | "handleIn"
    | "handleGap"
    | "handleSession"
    | "handleAssigns"
    | "saveState"
    | "handleRestore";
  /**
   * Schemas for what clients send; none by default. What does not fit never reaches the channel, and the client is told why.
   *
   * `join` gets what its schema gives, `handleIn` what the schema of the event gives; see {@link JoinParams} and {@link Incoming}. An async
   * schema may take as long as a call, {@link Actor.callTimeoutMs}, and the client's next message waits for it.
   */
  static readonly schemas: ChannelSchemas = {};
  /**
   * What becomes of broadcasts that a client cannot take at once; `"cursor"` by default: it reads them later. See {@link Overflow}.
   *
   * The answer to a join may choose another one for its client: `ok(response, { overflow: "conflate" })`.
   */
  static readonly overflow: Overflow = "cursor";
  /** Whether a client gets, after its join, what was last broadcast on the topic with `retain`; `false` by default. */
  static readonly retained: boolean = false;
  #row: ChannelRow | undefined;
  #identity: Identity | undefined;
  #context: ChannelSurroundings | undefined;
  #checks: ChannelChecks | undefined;
  /** Only there in a session that is kept in a store. */
  #durable: DurableChannel | undefined;

  /**
   * Decides about a join; called once, before anything else.
   *
   * Nothing or `ok(response)` lets the client in, `error(response)` does not and ends the channel. `ok(response, { overflow })` chooses what
   * becomes of broadcasts that this client cannot take at once. May be async: the client's other frames wait meanwhile, as in Phoenix.
   */
  join(_params: unknown): JoinAnswer | void | Promise<JoinAnswer | void> {}

  /** Handles one push of the client. What it returns is the reply: `ok(response)`, `error(response)`, or nothing for none. */
  handleIn(event: string, _payload: unknown): Answer | void | Promise<Answer | void> {
    throw new BadArgumentError(`${this.constructor.name} got the event ${whatCame(event)} and has no handleIn`);
  }

  /**
   * Makes up for broadcasts that the client will not get, with the pushes of a snapshot for instance; by default nothing.
   *
   * Called when the client, told of the gap, is about to get what came after it. What this pushes comes before that.
   */
  handleGap(_gap: Gap): void | Promise<void> {}

  /** Hears that the client has been gone for 5 s (`"detached"`), or is back after that (`"online"`); its end is {@link Actor.terminate}. */
  handleSession(_state: SessionState): void | Promise<void> {}

  /**
   * Hears that its client was authenticated anew, with a fresh token or because it came back: {@link Channel.assigns} are the new ones.
   *
   * `before` are those of the last time. Called before anything that the client sends afterwards is handled, and only if `authenticate`
   * gave `assigns`. Stop here, or push something, if the client may not do any more what it could. A client that is another user never
   * comes this far.
   */
  handleAssigns(_before: Readonly<Record<string, unknown>>): void | Promise<void> {}

  /**
   * What is to be kept of this channel across a restart of the server, as JSON; nothing by default.
   *
   * Asked after the join and after each push, in sessions that are kept in a store. What it gives is kept together with the push's reply: either
   * both are there after a crash, or neither, and then the push is handled again.
   */
  saveState(): unknown {
    return undefined;
  }

  /**
   * Takes back what {@link saveState} gave last, after a restart of the server; instead of `join`, which only classes without it run again.
   *
   * `error(response)` ends the channel, and its client is told `phx_close`.
   */
  handleRestore(_state: unknown): JoinAnswer | void | Promise<JoinAnswer | void> {}

  /** Whether its client had joined before the server was started anew: then nobody waits for the answer to `join`. */
  protected get isRestored(): boolean {
    return this.#durable?.isRestored === true;
  }

  /**
   * The id of the push that is being handled; the same when it comes again because a crash took its handling back.
   *
   * `undefined` in sessions that are not kept in a store, where no push comes twice. Give it to whatever outlives this channel, so that
   * it can tell what it has done already.
   */
  protected get pushId(): string | undefined {
    return this.#durable?.pushId;
  }

  /** The topic that was joined. */
  protected get topic(): string {
    return this.#joined.topic;
  }

  /** The user's id, as `authenticate` said; `undefined` for an anonymous client. */
  protected get user(): string | undefined {
    return this.#identity?.user;
  }

  /** What `authenticate` gave besides the user, the last time that it was asked for this client; see {@link Channel.handleAssigns}. */
  protected get assigns(): Readonly<Record<string, unknown>> {
    return this.#identity?.assigns ?? {};
  }

  /** The client's session. */
  protected get session(): SessionRef {
    return this.#joined.session;
  }

  /**
   * Sends an event to this client; a `Uint8Array` as bytes.
   *
   * @throws {BadArgumentError} for a reserved event or a message above the window
   */
  protected push(event: string, payload: object = {}): void {
    const row = this.#joined;
    checkEvent(event);
    const frame = this.#checked(encodePush(row.joinRef, row.topic, event, payload));
    this.#context?.subscriptions.catchUp(row);
    row.session.cast.push(row, frame);
  }

  /**
   * Sends an event to every client on this topic, this one included, and returns how many there are; a `Uint8Array` as bytes. Actors that have
   * subscribed to the topic get it, too.
   *
   * @throws {BadArgumentError} for a reserved event or a message above the window
   * @throws {TopicsError} `rate_limited`, `overloaded` or `retained_full`: nobody gets it, because of a limit of the topics
   */
  protected broadcast(event: string, payload: object = {}, options?: BroadcastOptions): number {
    checkEvent(event);
    const sender = { session: this.#row?.session, id: this.#durable?.nextId() };
    return this.#context?.subscriptions.broadcast(this.topic, event, payload, options, sender) ?? 0;
  }

  /** Sends an event to every client on this topic but this one, like {@link broadcast}. */
  protected broadcastFrom(event: string, payload: object = {}, options?: BroadcastOptions): number {
    checkEvent(event);
    const sender = { session: this.session, channel: this.self(), onlyOthers: true, id: this.#durable?.nextId() };
    return this.#context?.subscriptions.broadcast(this.topic, event, payload, options, sender) ?? 0;
  }

  override formatStatus(): unknown {
    return { kind: "channel", topic: this.#row?.topic };
  }

  /** @internal */
  incoming({ event, payload, ref }: Frame, pushId?: string): void | Promise<void> {
    if (this.#durable !== undefined) {
      if (this.#row?.kept?.orphaned === true) return;
      this.#durable.begin(pushId);
    }
    if (this.#checks === undefined) return this.#handle(event, payload, ref);
    const checked = this.#checks.incoming(event, payload, this.#validateOptions);
    if (checked instanceof Promise) return this.#handleLater(event, checked, ref);
    return this.#handleChecked(event, checked, ref);
  }

  /** @internal */
  gap(gap: Gap): void | Promise<void> {
    const answering = this.handleGap(gap);
    if (answering instanceof Promise) return this.#gapAnsweredLater(answering);
    this.session.cast.gapAnswered(this.#joined);
  }

  /** Broadcasts were lost before they came to this node; the client is told. @internal */
  missed(gap: Gap): void | Promise<void> {
    return this.handleGap(gap);
  }

  /** @internal */
  rejoined(): void {}

  /** @internal */
  identityIs(identity: Identity): void | Promise<void> {
    const before = this.assigns;
    this.#identity = identity;
    return this.handleAssigns(before);
  }

  /** @internal */
  sessionIs(state: SessionState): void | Promise<void> {
    return this.handleSession(state);
  }

  override [startup](start: ChannelStart): unknown {
    // Not the whole start: params and answer would stay for as long as the channel.
    this.#row = start.row;
    this.#identity = start.identity;
    this.#context = start.context;
    if (start.row.kept !== undefined) this.#durable = new DurableChannel(start.restored !== undefined);
    this.trapExit();
    // As its session is.
    if (start.context.homes !== undefined) nodeOf(this.system)?.guard(this.self());
    this.#checks = checksOf(classOf(this));
    if (start.restored !== undefined && this.handleRestore !== Channel.prototype.handleRestore) {
      return this.#restore(start, start.restored.state);
    }
    if (this.#checks === undefined) return this.#join(start, start.params);
    const checked = this.#checks.join(start.params, this.#validateOptions);
    return checked instanceof Promise ? this.#joinLater(start, checked) : this.#joinChecked(start, checked);
  }

  async #joinLater(start: ChannelStart, checking: Promise<Checked>): Promise<unknown> {
    return this.#joinChecked(start, await checking);
  }

  #joinChecked(start: ChannelStart, checked: Checked): unknown {
    if (checked !== "unknown_event" && checked.ok) return this.#join(start, checked.value);
    return { stop: { refused: this.#refusal(checked, "invalid_params", "join") } satisfies JoinRefused };
  }

  #join(start: ChannelStart, params: unknown): unknown {
    const outcome = this.join(params);
    return outcome instanceof Promise ? this.#decideLater(start, outcome) : this.#decide(start, outcome);
  }

  #restore(start: ChannelStart, state: unknown): unknown {
    const outcome = this.handleRestore(state);
    return outcome instanceof Promise ? this.#decideLater(start, outcome) : this.#decide(start, outcome);
  }

  async #decideLater(start: ChannelStart, deciding: Promise<unknown>): Promise<unknown> {
    return this.#decide(start, await deciding);
  }

  #decide(start: ChannelStart, outcome: unknown): unknown {
    const answer = checkAnswer(outcome, `${this.constructor.name}.join`, "nothing (the client is in)") ?? ok();
    const { status, response } = answer;
    if (status === "error") return { stop: { refused: response } satisfies JoinRefused };
    const overflow = overflowIn(answer);
    if (overflow === undefined) start.answer = answer;
    else {
      checkOverflow(`the overflow in the answer of ${this.constructor.name}.join`, overflow);
      // The client is told the answer alone.
      start.answer = { status, response };
      start.row.overflow = overflow;
    }
    if (start.row.kept !== undefined) start.row.kept.state = this.#state();
    return undefined;
  }

  async #handleLater(event: string, checking: Promise<Checked>, ref: string | null): Promise<void> {
    return this.#handleChecked(event, await checking, ref);
  }

  #handleChecked(event: string, checked: Checked, ref: string | null): void | Promise<void> {
    if (checked !== "unknown_event" && checked.ok) return this.#handle(event, checked.value, ref);
    this.#answer(error(this.#refusal(checked, "invalid_payload", event)), ref);
  }

  #handle(event: string, payload: unknown, ref: string | null): void | Promise<void> {
    const outcome = this.handleIn(event, payload);
    if (outcome instanceof Promise) return this.#answerLater(outcome, ref);
    this.#answer(outcome, ref);
  }

  #refusal(checked: Exclude<Checked, { ok: true }>, misfit: string, what: string): Refusal {
    if (checked !== "unknown_event" && checked.reason === "schema_failed") {
      const report = this.#context?.report ?? ((one: Report) => this.system.report(one));
      report({
        type: "schema_failed",
        level: "error",
        text: `The schema of ${whatCame(what)} of ${this.constructor.name} ${this.self()} failed, the client was refused: ${checked.error.message}`,
        details: { channel: `${this.self()}`, topic: this.topic, what, error: checked.error },
      });
    }
    return refusalFor(checked, misfit);
  }

  get #validateOptions(): ValidateOptions {
    return { clock: this.system.clock, timeoutMs: classOf(this).callTimeoutMs ?? Actor.callTimeoutMs };
  }

  async #answerLater(answering: Promise<unknown>, ref: string | null): Promise<void> {
    this.#answer(await answering, ref);
  }

  #answer(outcome: unknown, ref: string | null): void {
    const row = this.#joined;
    const { session } = row;
    const answer = checkAnswer(outcome, `${this.constructor.name}.handleIn`, "nothing (no reply)");
    if (answer !== undefined && overflowIn(answer) !== undefined) throw new BadReturnError(OVERFLOW_TOO_LATE);
    const state = this.#durable === undefined ? undefined : this.#state();
    this.#durable?.begin(undefined);
    const reply =
      answer === undefined || ref === null
        ? undefined
        : this.#checked(encodeReply(row.joinRef, ref, row.topic, answer));
    this.#context?.subscriptions.catchUp(row);
    session.cast.answer({ row, reply, state });
  }

  /** What is to be kept of it. */
  #state(): unknown {
    if (this.saveState === Channel.prototype.saveState) return undefined;
    const state = this.saveState();
    if (state === undefined || isJson(state)) return state;
    throw new BadReturnError(
      `${this.constructor.name}.saveState returned ${whatCame(state)}. It may return nothing, or what JSON gives back as it was.`,
    );
  }

  async #gapAnsweredLater(answering: Promise<void>): Promise<void> {
    await answering;
    this.session.cast.gapAnswered(this.#joined);
  }

  #checked(frame: OwnFrame): OwnFrame {
    const most = this.#context?.limits.windowBytes ?? 0;
    const { bytes } = frame;
    if (bytes <= most) return frame;
    throw new BadArgumentError(
      `Cannot send ${bytes} bytes on ${this.topic}: a message may have at most ${most} (the limit windowBytes)`,
    );
  }

  get #joined(): ChannelRow {
    if (this.#row === undefined) throw new BadArgumentError("The channel has not been started by a session");
    return this.#row;
  }
}

/** The class of a channel with its static members, which the type of `constructor` does not show. */
function classOf(channel: Channel): Checking & Pick<ChannelClass, "callTimeoutMs"> {
  return channel.constructor;
}

function checkEvent(event: string): void {
  if (typeof event === "string" && event !== "" && !isReservedEvent(event)) return;
  throw new BadArgumentError(
    `Expected the name of an event that is not the protocol's own (phx_…), got ${whatCame(event)}`,
  );
}

const OVERFLOW_TOO_LATE = "Expected an answer to a push without overflow, which only the answer to a join can choose";

/** The policy that an answer names, whatever it is. */
function overflowIn({ overflow }: JoinAnswer): Overflow | undefined {
  return overflow;
}

function checkAnswer(outcome: unknown, method: string, nothing: string): Answer | undefined {
  if (outcome === undefined) return undefined;
  if (isAnswer(outcome)) return outcome;
  throw new BadReturnError(
    `${method} returned ${whatCame(outcome)}. It may return ${nothing}, ok(response), error(response), { status, response } with an object as response, or a promise of one of these.`,
  );
}
