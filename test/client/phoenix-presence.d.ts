// The part of the npm package `phoenix` that the comparison of presences uses; it brings no types of its own.
declare module "phoenix" {
  type Listener = (key: string, current: unknown, changed: unknown) => void;

  export class Presence {
    constructor(channel: { joinRef(): string | null; on(event: string, callback: (payload: never) => void): void });
    readonly state: object;
    onJoin(callback: Listener): void;
    onLeave(callback: Listener): void;
    onSync(callback: () => void): void;
    list(): unknown[];
  }
}
