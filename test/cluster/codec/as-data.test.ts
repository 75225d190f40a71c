import { describe, expect, it } from "vitest";
import { decodePlain, encodePlain } from "../../../src/cluster/membership/node-record.js";
import { asData } from "../../../src/index.js";

class Money {
  readonly #cents: number;
  constructor(cents: number) {
    this.#cents = cents;
  }
  [asData](): object {
    return { cents: this.#cents };
  }
}

class Recursive {
  [asData](): object {
    return this;
  }
}

class Wrong {
  [asData](): unknown {
    return "text";
  }
}

describe("an instance of a class that says what crosses in its stead", () => {
  it("arrives as that", () => {
    expect(decodePlain(encodePlain({ price: new Money(250), more: [new Money(1)] }))).toEqual({
      price: { cents: 250 },
      more: [{ cents: 1 }],
    });
  });

  it.each([new Recursive(), new Wrong()])("is refused when that is no plain object: %o", (value) => {
    expect(() => encodePlain({ value })).toThrow(/an instance of (Recursive|Wrong) to another node, at \$\.value/);
  });
});
