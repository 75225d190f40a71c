import type { ExitReason } from "holdfast";
import { type Answer, Channel, type ChannelClass, error, ok } from "holdfast/actors";

/** What the channels of a test did, in order; each test makes its own. */
export class Diary {
  readonly #lines: string[] = [];
  #wake: () => void = () => undefined;

  /** What was written so far. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Writes a line. */
  write(line: string): void {
    this.#lines.push(line);
    this.#wake();
  }

  /** Resolves with the first line that begins so, when it has been written. */
  async wrote(start: string): Promise<string> {
    for (;;) {
      const line = this.#lines.find((each) => each.startsWith(start));
      if (line !== undefined) return line;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** Makes a channel class that does what clients tell it and writes down what it hears. */
export function roomClass(diary: Diary = new Diary()): ChannelClass {
  return class Room extends Channel {
    override join(params: unknown): Answer | undefined {
      diary.write(`join ${this.topic}`);
      if (this.topic === "room:closed") return error({ reason: "closed" });
      this.joinGroup("rooms");
      return typeof params === "object" && params !== null && "welcome" in params ? ok({ user: this.user }) : undefined;
    }

    override handleIn(event: string, payload: unknown): Answer | undefined {
      diary.write(`${event} ${JSON.stringify(payload)}`);
      if (event === "crash") throw new Error("asked to");
      if (event === "stop") this.stop();
      if (event === "echo") return ok({ payload });
      if (event === "refuse") return error({ reason: "no" });
      if (event === "shout") return ok({ heardBy: this.broadcast("shouted", { payload }) });
      if (event === "shout to others") this.broadcastFrom("shouted", { payload });
      if (event === "tell me") this.push("told", { payload });
      return undefined;
    }

    override handleInfo(message: unknown): void {
      this.push("told", { message });
    }

    override terminate(reason: ExitReason): void {
      diary.write(`end ${this.topic} ${JSON.stringify(reason)}`);
    }
  };
}
