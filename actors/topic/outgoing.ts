import type { AnyRef } from "../../src/index.js";
import type { Publication } from "./publication.js";

/** A message on its way to the actors that listen, all but one. */
export class Outgoing {
  readonly publication: Publication;
  readonly #except: AnyRef | undefined;

  constructor(publication: Publication, except: AnyRef | undefined) {
    this.publication = publication;
    this.#except = except;
  }

  get topic(): string {
    return this.publication.topic;
  }

  isFor(actor: AnyRef): boolean {
    return actor !== this.#except;
  }
}
