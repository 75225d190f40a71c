import type { SubscribeObstacle } from "./subscriber-table.js";
import type { TopicGap, TopicMessage, TopicPosition } from "./topic-message.js";

/** Why nobody got what was published. */
export type PublishRefusal =
  /** Too much on this topic, or by this publisher; after that time there is room for one. */
  | {
      readonly ok: false;
      readonly reason: "rate_limited";
      readonly by: "topic" | "publisher";
      readonly retryAfterMs: number;
    }
  /** Too many messages are on their way to many actors. */
  | { readonly ok: false; readonly reason: "overloaded"; readonly retryAfterMs: number }
  /** It was to be retained, and a bound of what is retained is reached. */
  | { readonly ok: false; readonly reason: "retained_full" };

/** How a publication ended. */
export type PublishResult =
  | {
      readonly ok: true;
      /** Clients on this node that get it, through their channels. */
      readonly clients: number;
      /** Subscriptions of actors on this node that get it. */
      readonly actors: number;
      /** Other nodes with somebody who gets it. */
      readonly nodes: number;
      /** Its place in this node's log of the topic; `undefined` for a topic without one. */
      readonly position: TopicPosition | undefined;
    }
  | PublishRefusal;

/** How a publication to one node ended. */
export type PublishToResult =
  | PublishResult
  /** There is no connection to a node of this name. */
  | { readonly ok: false; readonly reason: "noconnection" };

/** How a subscription began. */
export type TopicSubscribeResult =
  | {
      readonly ok: true;
      /** Where the topic's log ends; `undefined` for one without log, and for patterns. */
      readonly position: TopicPosition | undefined;
      /** Messages from before the subscription, which are on their way: those missed, or what is retained. */
      readonly sent: number;
      /** What was missed and is not to be had any more. */
      readonly gap: TopicGap | undefined;
    }
  /** `noproc`: the actor has ended. */
  | { readonly ok: false; readonly reason: SubscribeObstacle | "noproc" };

/** A part of a topic's log. */
export interface TopicPage {
  readonly messages: readonly TopicMessage[];
  readonly gap: TopicGap | undefined;
  /** Where this part ends: to go on from. */
  readonly position: TopicPosition;
}

/** What topics count: first what is there now, then what has happened since their start. */
export interface TopicsCounts {
  /** Subscriptions of actors. */
  readonly subscriptions: number;
  /** Actors with a subscription. */
  readonly subscribers: number;
  /** Topics, and patterns, that actors listen to. */
  readonly topics: number;
  readonly patterns: number;
  /** Topics with clients on them, as often as there are endpoints. */
  readonly clientTopics: number;
  readonly logs: number;
  readonly logBytes: number;
  readonly retained: number;
  readonly retainedBytes: number;
  /** Messages that are not with all actors yet. */
  readonly pending: number;
  readonly published: number;
  /** Messages that were published on other nodes, and handed out here. */
  readonly received: number;
  /** How often something was lost on the way from another node. */
  readonly missed: number;
  /** Subscriptions that were refused. */
  readonly refusedSubscriptions: number;
  readonly rateLimited: number;
  readonly overloaded: number;
  readonly retainedFull: number;
  /** Topics that lost the messages of their log so that others had room. */
  readonly droppedLogs: number;
}
