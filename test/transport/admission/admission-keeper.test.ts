import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../src/index.js";
import { createVirtualClock } from "../../../src/testing/index.js";
import { AdmissionKeeper, type TurnedAway } from "../../../src/transport/admission/admission-keeper.js";
import { type AdmissionOptions, resolveAdmission } from "../../../src/transport/admission/admission-options.js";
import type { Ticket } from "../../../src/transport/admission/ticket.js";
import { UserPlaces } from "../../../src/transport/admission/user-places.js";

function stage(options: AdmissionOptions = {}) {
  const clock = createVirtualClock();
  const keeper = new AdmissionKeeper(resolveAdmission(options), { clock, random: seededRandom(1) });
  const enter = (address = "192.0.2.1", headers = {}): Ticket => {
    const entered = keeper.enter(address, headers);
    if (!entered.ok) throw new Error(`expected ${address} to come in, it was turned away: ${entered.reason}`);
    return entered.ticket;
  };
  const turnedAway = (address = "192.0.2.1"): TurnedAway => {
    const entered = keeper.enter(address, {});
    if (entered.ok) throw new Error(`expected ${address} to be turned away, it came in`);
    return entered;
  };
  return { clock, keeper, enter, turnedAway };
}

/** A connection that is authenticated. */
function settled(ticket: Ticket, user?: string): Ticket {
  expect(ticket.begin("new")).toBeUndefined();
  expect(ticket.settle(user, "new")).toBeUndefined();
  return ticket;
}

describe("an address", () => {
  it("has so many connections at a time, and one more when one is closed", () => {
    const { enter, turnedAway } = stage({ connectionsPerAddress: 2 });
    const first = settled(enter());
    settled(enter());
    expect(turnedAway()).toMatchObject({ code: 4206, reason: "address_limit" });
    first.leave();
    enter();
  });

  it("is counted by its /64 when it is one of IPv6", () => {
    const { enter, turnedAway } = stage({ connectionsPerAddress: 1 });
    enter("2001:db8:0:1::1");
    expect(turnedAway("2001:db8:0:1:ffff::2").reason).toBe("address_limit");
    enter("2001:db8:0:2::1");
  });

  it("has so many connections that are not authenticated", () => {
    const { enter, turnedAway } = stage({ pendingPerAddress: 2 });
    const first = enter();
    enter();
    expect(turnedAway().reason).toBe("address_limit");
    settled(first);
    enter();
  });

  it("has so many handshakes a second, though it closes each connection at once", async () => {
    const { clock, enter, turnedAway } = stage({ addressPerSecond: 10, addressBurst: 3 });
    for (let i = 0; i < 3; i++) enter().leave();
    expect(turnedAway()).toMatchObject({ code: 4206, reason: "rate_limited" });
    enter("192.0.2.2");
    await clock.advance(100);
    enter();
  });

  it("is told another moment for each connection that is turned away", () => {
    const { turnedAway, enter } = stage({ connectionsPerAddress: 1 });
    enter();
    const told = Array.from({ length: 200 }, () => turnedAway().retryAfterMs);
    expect(new Set(told).size).toBe(200);
    expect(told.every((delayMs, index) => index === 0 || delayMs > (told[index - 1] ?? 0))).toBe(true);
  });

  it("is not limited when it is this machine's own, unless that is asked for", () => {
    const own = stage({ connectionsPerAddress: 1 });
    for (let i = 0; i < 5; i++) own.enter("127.0.0.1");
    own.enter("::1");
    own.enter("::1");
    const strict = stage({ connectionsPerAddress: 1, exemptAddresses: [] });
    strict.enter("127.0.0.1");
    expect(strict.turnedAway("127.0.0.1").reason).toBe("address_limit");
  });

  it("is that of the client behind a trusted proxy, and only there", () => {
    const { enter, turnedAway } = stage({ connectionsPerAddress: 1, trustedProxies: ["10.0.0.0/8"] });
    expect(enter("10.0.0.1", { "x-forwarded-for": "198.51.100.1" }).address).toBe("198.51.100.1");
    enter("10.0.0.1", { "x-forwarded-for": "198.51.100.2" });
    expect(turnedAway("198.51.100.1").reason).toBe("address_limit");
    expect(enter("203.0.113.9", { "x-forwarded-for": "198.51.100.3" }).address).toBe("203.0.113.9");
  });
});

describe("a lane", () => {
  it("of resumes stays open while the new ones are out of handshakes, and the other way round", () => {
    const { enter } = stage({ newPerSecond: 1, newBurst: 1, resumePerSecond: 1, resumeBurst: 1 });
    expect(enter().begin("new")).toBeUndefined();
    expect(enter().begin("new")).toMatchObject({ code: 4205, reason: "overloaded" });
    expect(enter().begin("resume")).toBeUndefined();
    expect(enter().begin("resume")).toMatchObject({ code: 4205 });
  });

  it("tells each client that it turns away its own moment, not before there are handshakes again", () => {
    const { enter } = stage({ resumePerSecond: 100, resumeBurst: 1 });
    enter().begin("resume");
    const told = Array.from({ length: 500 }, (_, i) => enter(`192.0.2.${i & 255}`).begin("resume")?.retryAfterMs ?? 0);
    expect(new Set(told).size).toBe(500);
    expect(Math.min(...told)).toBeGreaterThanOrEqual(1_000);
    expect(Math.max(...told)).toBeLessThan(6_010);
  });

  it("has room for those who come back at their moment", async () => {
    const { clock, enter } = stage({ resumePerSecond: 100, resumeBurst: 10 });
    const told = Array.from({ length: 200 }, () => enter().begin("resume")?.retryAfterMs ?? 0).filter((ms) => ms > 0);
    expect(told.length).toBe(190);
    for (const delayMs of told) {
      await clock.advance(Math.max(0, delayMs - clock.now()));
      expect(enter().begin("resume")).toBeUndefined();
    }
  });

  it("is asked once for each connection", () => {
    const { enter } = stage({ newPerSecond: 1, newBurst: 1 });
    const ticket = enter();
    expect([ticket.begin("new"), ticket.begin("new")]).toEqual([undefined, undefined]);
  });

  it("of the new ones pays for a resume that became a new session, in the same round trip", () => {
    const { enter } = stage({ newPerSecond: 1, newBurst: 2 });
    for (let i = 0; i < 2; i++) {
      const lost = enter();
      expect(lost.begin("resume")).toBeUndefined();
      expect(lost.settle(undefined, "new")).toBeUndefined();
    }
    expect(enter().begin("new")).toMatchObject({ code: 4205 });
  });
});

describe("what a user's connections send together", () => {
  const limits = { userMessagesPerSecond: 10, userMessagesBurst: 30 };

  it("is limited, though each of ten tabs alone sends little, and they are told when to come back", () => {
    const { enter } = stage(limits);
    const tabs = Array.from({ length: 10 }, () => settled(enter(), "ada"));
    for (const tab of tabs) for (let n = 0; n < 3; n++) expect(tab.message(10)).toBeUndefined();
    const told = tabs.map((tab) => tab.message(10));
    expect(told).toEqual(tabs.map(() => expect.objectContaining({ code: 4206, reason: "rate_limited" })));
    expect(Math.min(...told.map((away) => away?.retryAfterMs ?? 0))).toBeGreaterThanOrEqual(1_000);
    expect(new Set(told.map((away) => away?.retryAfterMs)).size).toBe(10);
  });

  it("is nobody else's business, and grows again with time", async () => {
    const { clock, enter } = stage(limits);
    const [one, other, bob, nobody] = [
      settled(enter(), "ada"),
      settled(enter(), "ada"),
      settled(enter(), "bob"),
      settled(enter()),
    ];
    for (let n = 0; n < 30; n++) one.message(10);
    expect(other.message(10)).toMatchObject({ code: 4206 });
    for (const tab of [bob, nobody]) expect(tab.message(10)).toBeUndefined();
    await clock.advance(100);
    expect(other.message(10)).toBeUndefined();
    expect(other.message(10)).toMatchObject({ code: 4206 });
  });

  it("is limited in bytes as well", () => {
    const { enter } = stage({ userBytesPerSecond: 1_000, userBytesBurst: 1_000 });
    const [one, other] = [settled(enter(), "ada"), settled(enter(), "ada")];
    expect(one.message(600)).toBeUndefined();
    expect(other.message(600)).toMatchObject({ code: 4206, reason: "rate_limited" });
    expect(other.message(400)).toBeUndefined();
  });

  it("is remembered when the last of them has gone: who comes again has no new allowance", () => {
    const { enter } = stage(limits);
    for (let again = 0; again < 3; again++) {
      const tab = settled(enter(), "ada");
      for (let n = 0; n < 10; n++) expect(tab.message(10)).toBeUndefined();
      tab.leave();
      expect(tab.message(10)).toBeUndefined();
    }
    expect(settled(enter(), "ada").message(10)).toMatchObject({ code: 4206 });
  });

  it("is remembered of so many users, however many come and go", () => {
    const places = new UserPlaces(1, 100);
    for (let n = 0; n < 10_000; n++) places.takeAnyway(`user ${n}`).leave();
    expect([places.size, places.known]).toEqual([0, 100]);
    const held = places.take("user 9999");
    expect([held?.rate === undefined, places.size, places.known]).toEqual([false, 1, 100]);
    held?.leave();
    expect(held?.rate).toBeUndefined();
  });
});

describe("an endpoint that takes nobody for a while", () => {
  it("tells each who comes another moment, keeps those who are there, and takes clients again", () => {
    const { keeper, enter, turnedAway } = stage();
    const there = settled(enter(), "ada");
    keeper.close(10_000);
    const told = Array.from({ length: 50 }, () => turnedAway());
    expect(told).toEqual(told.map(() => expect.objectContaining({ code: 1012, reason: "drain" })));
    expect(new Set(told.map(({ retryAfterMs }) => retryAfterMs)).size).toBe(50);
    expect(Math.min(...told.map(({ retryAfterMs }) => retryAfterMs))).toBeGreaterThanOrEqual(10_000);
    expect(there.message(10)).toBeUndefined();
    expect(keeper.status()).toMatchObject({ open: 1, turnedAway: { drain: 50 } });
    keeper.takeAgain();
    enter();
  });

  it("tells them to look for another server soon, when it is until further notice", () => {
    const { keeper, turnedAway } = stage();
    keeper.close(Number.POSITIVE_INFINITY);
    const told = Array.from({ length: 200 }, () => turnedAway().retryAfterMs);
    expect(Math.min(...told)).toBeGreaterThanOrEqual(5_000);
    expect(Math.max(...told)).toBeLessThan(11_000);
    expect(new Set(told).size).toBeGreaterThan(190);
  });
});

describe("a user", () => {
  it("has so many connections, and is told 4009 for one more", () => {
    const { enter } = stage({ connectionsPerUser: 2 });
    const first = settled(enter(), "ada");
    settled(enter(), "ada");
    const third = enter();
    expect(third.begin("new")).toBeUndefined();
    expect(third.settle("ada", "new")).toMatchObject({ code: 4009, reason: "user_limit" });
    settled(enter(), "bob");
    first.leave();
    expect(third.settle("ada", "new")).toBeUndefined();
  });

  it("that has as many as allowed resumes all the same: the old connection may look open yet", () => {
    const { enter, keeper } = stage({ connectionsPerUser: 1 });
    const old = settled(enter(), "ada");
    const next = enter();
    expect(next.begin("resume")).toBeUndefined();
    expect(next.settle("ada", "resume")).toBeUndefined();
    old.leave();
    expect(keeper.status()).toMatchObject({ open: 1, users: 1 });
    const other = enter();
    other.begin("new");
    expect(other.settle("ada", "new")).toMatchObject({ code: 4009 });
  });

  it("that has no name is not counted", () => {
    const { enter, keeper } = stage({ connectionsPerUser: 1 });
    for (let i = 0; i < 3; i++) settled(enter());
    expect(keeper.status().users).toBe(0);
  });

  it.each(["__proto__", "constructor", "", "a".repeat(100_000), "\ud800", "\u0000"])("may be called %j", (user) => {
    const { enter, keeper } = stage({ connectionsPerUser: 1 });
    const ticket = settled(enter(), user);
    const second = enter();
    second.begin("new");
    expect(second.settle(user, "new")).toMatchObject({ code: 4009 });
    ticket.leave();
    expect(keeper.status().users).toBe(0);
  });
});

describe("a ticket", () => {
  it("gives everything back once, whenever and however often it leaves", () => {
    const { enter, keeper } = stage();
    const [early, late] = [enter(), settled(enter(), "ada")];
    for (const ticket of [early, late, late, early]) ticket.leave();
    expect(keeper.status()).toMatchObject({ open: 0, pending: 0, users: 0 });
    expect(late.settle("ada", "new")).toBeUndefined();
    expect(keeper.status()).toMatchObject({ open: 0, pending: 0, users: 0 });
  });

  it("counts what its client sends, and not what others send", () => {
    const { enter } = stage({ messagesPerSecond: 1, messagesBurst: 2 });
    const [one, other] = [enter(), enter()];
    expect([one.message(1), one.message(1)]).toEqual([undefined, undefined]);
    expect(one.message(1)).toMatchObject({ code: 4206, reason: "rate_limited" });
    expect(other.message(1)).toBeUndefined();
  });
});

describe("the shield", () => {
  it("takes nobody while too many are not authenticated, and tells each another moment", () => {
    const { enter, keeper } = stage({ pendingConnections: 2 });
    const first = enter();
    enter();
    const told = Array.from({ length: 50 }, () => keeper.shield()).map((each) => (each.ok ? 0 : each.retryAfterMs));
    expect(Math.min(...told)).toBeGreaterThanOrEqual(1_000);
    expect(new Set(told).size).toBe(50);
    settled(first);
    expect(keeper.shield()).toEqual({ ok: true });
    expect(keeper.status().shielded).toBe(50);
  });

  it("is open to begin with, and leaves no timer behind", async () => {
    const { clock, keeper } = stage();
    expect(keeper.shield()).toEqual({ ok: true });
    await clock.advance(1_000);
    expect(clock.armed).toBe(0);
    keeper.shield();
    keeper.stop();
    expect(clock.armed).toBe(0);
  });
});

describe("an admission", () => {
  it("keeps its counts right and its tables bounded, whatever a hundred thousand addresses do", () => {
    const { keeper } = stage({ rememberedAddresses: 100, connectionsPerAddress: 3 });
    const held: Ticket[] = [];
    const random = seededRandom(7);
    for (let i = 0; i < 100_000; i++) {
      const entered = keeper.enter(`198.${Math.floor(random.next() * 256)}.${i & 255}.${(i >> 8) & 255}`, {});
      if (entered.ok) held.push(entered.ticket);
      if (held.length > 500) held.splice(Math.floor(random.next() * held.length), 1)[0]?.leave();
    }
    expect(keeper.status()).toMatchObject({ open: held.length, pending: held.length });
    expect(keeper.status().addresses).toBeLessThanOrEqual(600);
    for (const ticket of held) ticket.leave();
    expect(keeper.status()).toMatchObject({ open: 0, pending: 0, addresses: 100 });
  });
});
