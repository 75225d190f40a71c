import {
  Actor,
  type ActorRef,
  type AliasOptions,
  type AliasRef,
  type AnyRef,
  type Deferred,
  type Down,
  type Exit,
  type ExitReason,
  type MonitorOptions,
  type MonitorRef,
  type TimerOptions,
  type TimerRef,
} from "../../src/index.js";

/** An actor that does in its handler what a test tells it to, and notes what arrives. */
export class Doer extends Actor<{ trap?: boolean } | undefined> {
  readonly seen: unknown[] = [];

  override init(options: { trap?: boolean } | undefined): void {
    this.trapExit(options?.trap === true);
  }

  /** A message: runs `work` as part of this actor. */
  do(work: (me: this) => unknown): unknown {
    return work(this);
  }

  note(value: unknown): void {
    this.seen.push(value);
  }

  later(): Deferred<unknown> {
    return this.defer();
  }

  override handleInfo(message: unknown): void {
    this.seen.push(message);
  }

  override handleDown({ ref, name, reason, tag }: Down): void {
    this.seen.push({ down: ref ?? name, reason, ...(tag === undefined ? {} : { tag }) });
  }

  override handleExit({ ref, reason }: Exit): void {
    this.seen.push({ exit: ref, reason });
  }

  override handleContinue(term: unknown): void {
    this.seen.push({ continue: term });
  }

  override link(other: AnyRef): void {
    super.link(other);
  }

  override unlink(other: AnyRef): void {
    super.unlink(other);
  }

  override monitor(target: AnyRef | string, options: MonitorOptions = {}): MonitorRef {
    return super.monitor(target, options);
  }

  override demonitor(monitor: MonitorRef, options: { readonly flush?: boolean } = {}): boolean {
    return super.demonitor(monitor, options);
  }

  override alias(options: AliasOptions = {}): AliasRef {
    return super.alias(options);
  }

  override unalias(alias: AliasRef): boolean {
    return super.unalias(alias);
  }

  override suspend(other: AnyRef): void {
    super.suspend(other);
  }

  override resume(other: AnyRef): boolean {
    return super.resume(other);
  }

  override exit(target: AnyRef, reason: ExitReason): void {
    super.exit(target, reason);
  }

  override stop(reason: ExitReason = "normal"): void {
    super.stop(reason);
  }

  override continueWith(term: unknown): void {
    super.continueWith(term);
  }

  override idleTimeout(timeoutMs: number, message: unknown = "timeout"): void {
    super.idleTimeout(timeoutMs, message);
  }

  override hibernate(): void {
    super.hibernate();
  }

  override sendAfter(delayMs: number, message: unknown, options: TimerOptions = {}): TimerRef {
    return super.sendAfter(delayMs, message, options);
  }

  override sendAt(atMs: number, message: unknown, options: TimerOptions = {}): TimerRef {
    return super.sendAt(atMs, message, options);
  }

  override startTimer(delayMs: number, message: unknown, options: TimerOptions = {}): TimerRef {
    return super.startTimer(delayMs, message, options);
  }

  override cancelTimer(timer: TimerRef): number | false {
    return super.cancelTimer(timer);
  }

  override readTimer(timer: TimerRef): number | false {
    return super.readTimer(timer);
  }

  override joinGroup(group: string): void {
    super.joinGroup(group);
  }

  address(): ActorRef<Doer> {
    return this.self<Doer>();
  }
}

/** Lets an actor do something in its handler, and resolves with what came of it. */
export async function act<Result>(ref: ActorRef<Doer>, work: (me: Doer) => Result): Promise<Awaited<Result>> {
  return (await ref.callWithin(Number.POSITIVE_INFINITY).do(work)) as Awaited<Result>;
}

/** What an actor has noted so far. */
export function seenBy(ref: ActorRef<Doer>): Promise<readonly unknown[]> {
  return act(ref, (me) => [...me.seen]);
}
