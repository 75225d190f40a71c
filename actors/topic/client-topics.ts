import type { AnyRef } from "../../src/index.js";
import type { SessionRef } from "../session/session-messages.js";
import type { MissedPublications } from "./missed-publications.js";
import type { Publication } from "./publication.js";
import type { PublishResult } from "./topics-results.js";
import type { TopicPosition } from "./topic-message.js";

/** One message, and who sends it. */
export interface Publishing {
  readonly topic: string;
  readonly event: string;
  readonly payload: unknown;
  readonly key?: string | undefined;
  /** Kept for who comes later, in place of what was retained of the topic before. */
  readonly retain?: boolean | undefined;
  /** Against whose rate it counts. */
  readonly publisher?: AnyRef | undefined;
  /** The actor, and the session, that are not to get it. */
  readonly exceptActor?: AnyRef | undefined;
  readonly exceptSession?: SessionRef | undefined;
  /** Tells it from all others of the topic; see `Topic.broadcast`. */
  readonly id?: string | undefined;
  /** Not counted against any rate: what the runtime itself has to say. */
  readonly unlimited?: boolean;
  /** For this node alone: each of the others says it itself. */
  readonly isLocal?: boolean;
}

/** A topic with clients on it, as the topics' core knows it. */
export interface ClientTopic {
  readonly epoch: string;
  readonly offset: number;
  readonly size: number;
  /** Whether it has sessions that are kept in a store. */
  readonly isKept: boolean;
  /** Whether a broadcast with this id was sent before. */
  repeats(id: string): boolean;
  /** The session of a channel on it. */
  sessionOf(channel: AnyRef): SessionRef | undefined;
}

/** The topics of an endpoint's clients, as the topics' core knows them. */
export interface ClientTopics {
  /** Topics with clients. */
  readonly size: number;
  /** Their names. */
  readonly names: Iterable<string>;
  find(topic: string): ClientTopic | undefined;
  /** @throws {BadArgumentError} for more bytes than a client takes */
  checkSize(bytes: number): void;
  /** Sends to the clients on its topic, and returns how many there are. */
  send(publication: Publication, except: SessionRef | undefined, id: string | undefined): number;
  /** Has the clients of all topics told that something is missing: it was lost on the way from another node. */
  missed(): void;
}

/** The topics' core, as the topics of an endpoint's clients know it. */
export interface TopicsFeed {
  publish(what: Publishing): PublishResult;
  /** What kept sessions of dead nodes have missed; `undefined` in a system that is in no cluster. */
  readonly missing: MissedPublications | undefined;
  /** A topic has got its first client, or lost its last; or its first that is kept in a store. */
  clientsChanged(topic: string): void;
  /** Where the log of a topic ends, if it has one. */
  position(topic: string): TopicPosition | undefined;
  /** What is retained of a topic. */
  retained(topic: string): Publication | undefined;
}
