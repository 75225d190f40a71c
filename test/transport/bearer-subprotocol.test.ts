import { describe, expect, it } from "vitest";
import { chooseSubprotocol } from "../../src/transport/bearer-subprotocol.js";

const phoenix = ["phoenix"];
const bearer = (encoded: string): string => `base64url.bearer.phx.${encoded}`;

describe("choosing a subprotocol", () => {
  it("has nothing to choose without a header", () => {
    expect(chooseSubprotocol(undefined, phoenix)).toEqual({ ok: true, subprotocol: undefined, authToken: undefined });
  });

  it("takes the token out of the one bearer entry", () => {
    expect(chooseSubprotocol(`phoenix, ${bearer("dG9rZW4")}`, phoenix)).toEqual({
      ok: true,
      subprotocol: "phoenix",
      authToken: "token",
    });
    expect(chooseSubprotocol(`${bearer("dG9rZW4")},phoenix`, phoenix)).toMatchObject({ authToken: "token" });
  });

  it("reads both alphabets of base64, padded or not", () => {
    const token = "~~??>>ÿ";
    const standard = Buffer.from(token).toString("base64");
    expect(standard).toMatch(/[+/]/);
    for (const encoded of [standard, standard.replaceAll("=", ""), Buffer.from(token).toString("base64url")]) {
      expect(chooseSubprotocol(`phoenix, ${bearer(encoded.replaceAll("=", ""))}`, phoenix)).toMatchObject({
        authToken: token,
      });
    }
  });

  it("takes no token when there are two", () => {
    expect(chooseSubprotocol(`phoenix, ${bearer("YQ")}, ${bearer("Yg")}`, phoenix)).toEqual({
      ok: true,
      subprotocol: "phoenix",
      authToken: undefined,
    });
  });

  it("refuses a header that offers nothing it speaks, and says what it does", () => {
    expect(chooseSubprotocol("graphql-ws", phoenix)).toEqual({
      ok: false,
      reason: "no offered subprotocol can be accepted: expected phoenix",
    });
    expect(chooseSubprotocol(bearer("YQ"), phoenix)).toMatchObject({ ok: false });
    expect(chooseSubprotocol("chat", [])).toEqual({
      ok: false,
      reason: "no offered subprotocol can be accepted: none is spoken here",
    });
  });

  it("prefers in the server's order", () => {
    expect(chooseSubprotocol("v1, v2", ["v2", "v1"])).toMatchObject({ subprotocol: "v2" });
  });

  it("refuses what is not a list of names", () => {
    for (const header of ["", "phoenix,,x", "phoenix, a b", 'phoenix, "x"', `phoenix${", x".repeat(16)}`]) {
      expect(chooseSubprotocol(header, phoenix)).toMatchObject({ ok: false });
    }
    expect(chooseSubprotocol(`phoenix, ${bearer("a.b")}`, phoenix)).toEqual({
      ok: false,
      reason: "the bearer subprotocol does not hold base64",
    });
  });
});
