import type { AddressRow } from "./address-table.js";
import type { AdmissionKeeper, Lane, TurnedAway } from "./admission-keeper.js";
import { MessageRate } from "./message-rate.js";
import { UserPlace } from "./user-places.js";

/**
 * What one connection holds of the endpoint's room, from its upgrade to its end.
 *
 * In this order: {@link begin} when the client has said what it wants, before anything is spent on it; {@link settle} when it is known who
 * it is; {@link message} for each frame; {@link leave} in the hook that runs however the connection ends. An answer other than `undefined`
 * says with which code to close.
 */
export class Ticket {
  readonly #keeper: AdmissionKeeper;
  /** Gone when the ticket has been given back. */
  #row: AddressRow | undefined;
  #place: UserPlace | undefined;
  #rate: MessageRate | undefined;
  #begun: Lane | undefined;
  #pending = true;
  #address: string;

  /** @internal */
  constructor(keeper: AdmissionKeeper, row: AddressRow, address: string) {
    this.#keeper = keeper;
    this.#row = row;
    this.#place = undefined;
    this.#rate = undefined;
    this.#begun = undefined;
    this.#address = address;
  }

  /** The client's address, that behind trusted proxies; of its group only, once it is authenticated. */
  get address(): string {
    return this.#address;
  }

  /** Takes a handshake from a lane. A connection asks once; whatever it asks afterwards is answered at once. */
  begin(lane: Lane): TurnedAway | undefined {
    if (this.#begun !== undefined) return undefined;
    const away = this.#keeper.takeHandshake(lane);
    if (away === undefined) this.#begun = lane;
    return away;
  }

  /**
   * The client is authenticated, and has a session: takes the place of its user, if it has one.
   *
   * `outcome` is what became of its wish: `"resume"` if it has the session it had, which no limit forbids, as its older connection is
   * closed; else `"new"`. One that had asked for a resume and needs a new session is paid for from the lane of the new ones.
   */
  settle(user: string | undefined, outcome: Lane): TurnedAway | undefined {
    const row = this.#row;
    if (row === undefined || !this.#pending) return undefined;
    if (user !== undefined) {
      const place = this.#keeper.takePlace(user, outcome);
      if (!(place instanceof UserPlace)) return place;
      this.#place = place;
    }
    if (this.#begun === "resume" && outcome === "new") this.#keeper.chargeNew();
    this.#pending = false;
    this.#keeper.authenticated(row);
    // The group is there anyway; the text of the address would live as long as the connection.
    this.#address = row.group;
    return undefined;
  }

  /** Counts a frame of the client, on whatever topic, for the client and for its user. */
  message(bytes: number): TurnedAway | undefined {
    return this.#keeper.takeMessage(this, bytes);
  }

  /** Gives everything back. More than once does nothing. */
  leave(): void {
    const row = this.#row;
    this.#row = undefined;
    if (row === undefined) return;
    if (this.#pending) this.#keeper.authenticated(row);
    this.#place?.leave();
    this.#place = undefined;
    this.#keeper.left(row);
  }

  /** What all connections of its user send together; `undefined` for who has none. @internal */
  get userRate(): MessageRate | undefined {
    return this.#place?.rate;
  }

  /** @internal */
  get rate(): MessageRate {
    this.#rate ??= new MessageRate();
    return this.#rate;
  }
}
