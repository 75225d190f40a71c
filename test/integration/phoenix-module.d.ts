// The part of the npm package `phoenix` that the tests use; it brings no types of its own.
declare module "phoenix" {
  export class Push {
    receive(status: string, callback: (response: unknown) => void): this;
  }

  export class Channel {
    readonly state: string;
    join(timeout?: number): Push;
    leave(timeout?: number): Push;
    push(event: string, payload: unknown, timeout?: number): Push;
    on(event: string, callback: (payload: unknown) => void): number;
    onClose(callback: (reason: unknown) => void): void;
    onError(callback: (reason: unknown) => void): void;
  }

  export interface SocketOptions {
    readonly transport?: unknown;
    readonly longPollFallbackMs?: number;
    readonly authToken?: string;
    readonly sessionStorage?: object;
    readonly params?: object;
    readonly decode?: (raw: unknown, done: (message: unknown) => void) => void;
    readonly heartbeatIntervalMs?: number;
    readonly reconnectAfterMs?: (tries: number) => number;
    readonly rejoinAfterMs?: (tries: number) => number;
  }

  /** A message as the client's own listeners get it. */
  export interface Message {
    readonly topic: string;
    readonly event: string;
    readonly payload: Readonly<Record<string, unknown>>;
  }

  export const Serializer: { decode(raw: unknown, done: (message: unknown) => void): void };

  export class LongPoll {}

  export class Socket {
    constructor(endPoint: string, options?: SocketOptions);
    connect(): void;
    disconnect(callback?: () => void, code?: number, reason?: string): void;
    isConnected(): boolean;
    channel(topic: string, params?: object): Channel;
    onOpen(callback: () => void): string;
    onClose(callback: (event: { readonly code: number; readonly reason: string }) => void): string;
    onError(callback: (error: unknown) => void): string;
    onMessage(callback: (message: Message) => void): string;
    readonly transport: unknown;
    /** Called for each message that comes, whatever carries it. */
    decode: (raw: unknown, done: (message: unknown) => void) => void;
    ping(callback: (roundTripMs: number) => void): boolean;
  }
}
