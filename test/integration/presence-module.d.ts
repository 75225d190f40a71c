// More of the Presence of the npm package `phoenix` than test/client/phoenix-presence.d.ts has.
declare module "phoenix" {
  export interface PhoenixMeta {
    readonly phx_ref: string;
    readonly phx_ref_prev?: string;
    readonly [name: string]: unknown;
  }

  export interface PhoenixEntry {
    readonly metas: readonly PhoenixMeta[];
    readonly [name: string]: unknown;
  }

  export type PhoenixPresences = Readonly<Record<string, PhoenixEntry>>;

  export interface Channel {
    joinRef(): string | null;
  }

  export namespace Presence {
    function list<T>(state: object, by: (key: string, entry: PhoenixEntry) => T): T[];
    function syncState(current: PhoenixPresences, next: object): PhoenixPresences;
    function syncDiff(current: PhoenixPresences, diff: object): PhoenixPresences;
  }
}
