import { isTopicMessage, type LocalTopics, type TopicsOptions, topicsOf } from "../../../actors/index.js";
import { Topics } from "../../../actors/topic/topics.js";
import { Actor, type ActorRef, type ActorSystem, type AnyRef, type Report } from "../../../src/index.js";
import { createTestSystem } from "../../../src/testing/index.js";
import type { VirtualClock } from "../../../src/testing/virtual-clock.js";
import { child, Supervisor } from "../../../supervisors/index.js";
import type { TopicMessage } from "../../../actors/topic/topic-message.js";
import { Doer, seenBy } from "../../kernel/doer.js";

class Tree extends Supervisor<TopicsOptions> {
  override init(args: TopicsOptions) {
    return { intensity: 10, children: [child(Topics, { id: "topics", name: "topics.keeper", args })] };
  }
}

/** An actor that takes messages by a method of its own. */
export class Taker extends Actor {
  readonly taken: string[] = [];

  take(message: TopicMessage<{ readonly text?: string }>): void {
    this.taken.push(`${message.topic} ${message.payload.text ?? ""}`);
  }

  all(): readonly string[] {
    return this.taken;
  }
}

/** A system with supervised topics on virtual time, and actors that end with the test. */
export interface TopicsStage {
  readonly system: ActorSystem;
  readonly clock: VirtualClock;
  readonly reports: readonly Report[];
  readonly topics: LocalTopics;
  keeper(): ActorRef<Topics>;
  actor(): ActorRef<Doer>;
  kill(...refs: readonly AnyRef[]): Promise<void>;
  /** Publishes a text. */
  say(topic: string, text: string, options?: { readonly key?: string; readonly retain?: boolean }): void;
  /** What an actor got, each message as its topic and text. */
  heard(ref: ActorRef<Doer>): Promise<readonly unknown[]>;
  end(): Promise<void>;
}

/** Makes a {@link TopicsStage}. */
export async function stageTopics(options: TopicsOptions = {}): Promise<TopicsStage> {
  const { system, clock, reports, stop } = await createTestSystem({ root: Tree, rootArgs: options });
  const topics = topicsOf(system, options.name);
  const actors: ActorRef<Doer>[] = [];
  return {
    system,
    clock,
    reports,
    topics,
    keeper() {
      const keeper = system.whereis<Topics>("topics.keeper");
      if (keeper === undefined) throw new Error("the topics are not running");
      return keeper;
    },
    actor() {
      const ref = system.spawn(Doer, undefined);
      actors.push(ref);
      return ref;
    },
    async kill(...refs) {
      for (const ref of refs) system.exit(ref, "kill");
      await clock.settle();
    },
    say(topic, text, published = {}) {
      topics.publish(topic, "said", { text }, published);
    },
    async heard(ref) {
      await clock.settle();
      return (await seenBy(ref)).map(heardOf);
    },
    async end() {
      for (const ref of actors) system.exit(ref, "kill");
      await clock.settle();
      await stop();
    },
  };
}

/** A topic's message in short; anything else as it is. */
function heardOf(message: unknown): unknown {
  if (!isTopicMessage(message)) return message;
  const { topic, payload, retained } = message;
  const { text } = payload as { readonly text: string };
  return `${topic} ${text}${retained ? " (retained)" : ""}`;
}
