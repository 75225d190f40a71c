import { BlockList } from "node:net";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressGroup } from "../../../src/transport/admission/address-group.js";
import { compileAddresses } from "../../../src/transport/admission/address-list.js";
import { AddressTable } from "../../../src/transport/admission/address-table.js";
import { clientAddress, type ForwardedHeader } from "../../../src/transport/admission/client-address.js";

describe("the group of an address", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["::ffff:c000:207", "192.0.2.7"],
    ["0:0:0:0:0:ffff:192.0.2.7", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2::9", "2001:db8:1:2::/64"],
    ["2001:0db8:0001:0002:ffff::", "2001:db8:1:2::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
    ["2001:db8::192.0.2.7", "2001:db8:0:0::/64"],
    ["", "unknown"],
    ["not an address", "unknown"],
    ["192.0.2.7, 10.0.0.1", "unknown"],
    ["300.1.1.1", "unknown"],
  ])("%s is %s", (address, group) => {
    expect(addressGroup(address)).toBe(group);
  });

  it("is the same for all addresses of one /64, and another for those of another", () => {
    fc.assert(
      fc.property(fc.ipV6(), fc.ipV6(), (one, other) => {
        const own = addressGroup(one);
        const [prefix = ""] = own.split("::/64");
        if (own.endsWith("::/64")) expect(addressGroup(`${prefix}:1:2:3:4`)).toBe(own);
        expect(typeof addressGroup(other)).toBe("string");
        expect(own).not.toBe("unknown");
      }),
    );
  });

  it("is found for any text without a throw", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(addressGroup(text).length).toBeLessThan(50);
      }),
    );
  });
});

describe("a list of addresses", () => {
  const isListed = compileAddresses("trustedProxies", ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32"]);

  it.each(["10.0.0.1", "10.255.255.255", "192.0.2.7", "2001:db8::1", "2001:db8:ffff::"])("has %s", (address) => {
    expect(isListed(address)).toBe(true);
  });

  it.each(["11.0.0.1", "192.0.2.8", "2001:db9::1", "", "10.0.0.1 ", "10", "localhost"])("has no %j", (address) => {
    expect(isListed(address)).toBe(false);
  });

  it("has the addresses of a network of IPv4 as Node's own list has them", () => {
    const address = fc.ipV4();
    fc.assert(
      fc.property(address, fc.nat(32), fc.oneof(address, fc.constant("")), (network, bits, other) => {
        const list = new BlockList();
        list.addSubnet(network, bits, "ipv4");
        const test = compileAddresses("trustedProxies", [`${network}/${bits}`]);
        const asked = other === "" ? network : other;
        expect(test(asked)).toBe(list.check(asked, "ipv4"));
        expect(test(`::ffff:${asked}`)).toBe(list.check(`::ffff:${asked}`, "ipv6"));
      }),
    );
  });

  it("has an address of IPv4 that stands in it in the form of IPv6", () => {
    const list = new BlockList();
    list.addAddress("::ffff:192.0.2.7", "ipv6");
    expect(compileAddresses("trustedProxies", ["::ffff:192.0.2.7"])("192.0.2.7")).toBe(list.check("192.0.2.7", "ipv4"));
  });

  it.each(["10.0.0.0/33", "10.0.0.0/8/8", "10.0.0.0/", "10.0.0.0/x", "proxy.example", "fe80::1%eth0", "", "*"])(
    "is refused with %j in it",
    (entry) => {
      expect(() => compileAddresses("trustedProxies", [entry])).toThrow(/trustedProxies: expected a list of addresses/);
    },
  );
});

describe("the client behind proxies", () => {
  const isTrusted = compileAddresses("trustedProxies", ["10.0.0.0/8", "2001:db8::/32"]);
  const behind = (peer: string, value: string, header: ForwardedHeader = "x-forwarded-for"): string =>
    clientAddress(peer, { [header]: value }, { isTrusted, header });

  it("is the other end of the connection, whatever it says, when that is no trusted proxy", () => {
    expect(behind("203.0.113.5", "198.51.100.1")).toBe("203.0.113.5");
    expect(behind("203.0.113.5", "for=198.51.100.1", "forwarded")).toBe("203.0.113.5");
  });

  it("is the last address that is no proxy: what stands before it is the client's own word", () => {
    expect(behind("10.0.0.1", "198.51.100.1")).toBe("198.51.100.1");
    expect(behind("10.0.0.1", "192.0.2.66, 198.51.100.1, 10.0.0.2")).toBe("198.51.100.1");
    expect(behind("10.0.0.1", "127.0.0.1,198.51.100.1")).toBe("198.51.100.1");
  });

  it.each([
    ["198.51.100.1:4711", "198.51.100.1"],
    ["[2001:db9::1]:4711", "2001:db9::1"],
    ["2001:db9::1", "2001:db9::1"],
    ["::ffff:198.51.100.1", "198.51.100.1"],
  ])("may be written as %s", (value, address) => {
    expect(behind("10.0.0.1", value)).toBe(address);
  });

  it.each([
    ["for=198.51.100.1", "198.51.100.1"],
    ['For="[2001:db9::1]:4711"', "2001:db9::1"],
    ["for=192.0.2.66, proto=https;for=198.51.100.1;by=10.0.0.1", "198.51.100.1"],
    ["for=_hidden", "10.0.0.1"],
    ["for=unknown", "10.0.0.1"],
    ["before=198.51.100.1", "10.0.0.1"],
  ])("is read from Forwarded: %s", (value, address) => {
    expect(behind("10.0.0.1", value, "forwarded")).toBe(address);
  });

  it.each(["", ",", "unknown", "198.51.100.1 evil", "fe80::1%eth0", "\u0000", "999.1.1.1"])(
    "is the proxy when that passed on no address: %j",
    (value) => {
      expect(behind("10.0.0.1", value)).toBe("10.0.0.1");
    },
  );

  it("is never read from the header that the proxies do not write", () => {
    const headers = { forwarded: "for=198.51.100.1" };
    expect(clientAddress("10.0.0.1", headers, { isTrusted, header: "x-forwarded-for" })).toBe("10.0.0.1");
  });

  it("is found in a header of thousands of hops without reading them all", () => {
    expect(behind("10.0.0.1", `198.51.100.1,${"10.0.0.2,".repeat(5_000)}10.0.0.3`)).toBe("10.0.0.2");
  });
});

describe("the table of addresses", () => {
  const table = (room: number) => new AddressTable({ perSecond: 1, burst: 2 }, room);

  it("forgets the address that has been unused for the longest, when it is full", () => {
    const addresses = table(2);
    for (const group of ["a", "b", "a", "c"]) {
      const row = addresses.row(group);
      row.handshakes.take(0);
      addresses.settle(row);
    }
    expect(addresses.size).toBe(2);
    expect(addresses.row("a").handshakes.isFull(0)).toBe(false);
    expect(addresses.row("b").handshakes.isFull(0)).toBe(true);
  });

  it("never forgets one that is connected, however many come", () => {
    const addresses = table(10);
    const held = addresses.row("held");
    held.open = 1;
    addresses.settle(held);
    for (let i = 0; i < 1_000; i++) addresses.settle(addresses.row(`attacker ${i}`));
    expect(addresses.size).toBe(11);
    expect(addresses.row("held")).toBe(held);
    held.open = 0;
    addresses.settle(held);
    expect(addresses.size).toBe(10);
  });
});
