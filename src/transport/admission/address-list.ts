import { BlockList, isIP } from "node:net";
import { TransportError } from "../transport-error.js";

/** Tells whether an address is in a list. What is no address is in none. */
export type AddressTest = (address: string) => boolean;

const NOWHERE: AddressTest = () => false;

/**
 * Compiles a list of addresses and networks: `"192.0.2.7"`, `"10.0.0.0/8"`, `"2001:db8::/32"`.
 *
 * @throws {TransportError} `bad_option` if an entry is neither
 */
export function compileAddresses(option: string, entries: readonly string[]): AddressTest {
  if (!Array.isArray(entries)) throw badEntry(option, entries);
  if (entries.length === 0) return NOWHERE;
  const list = new BlockList();
  for (const entry of entries) {
    if (typeof entry !== "string") throw badEntry(option, entry);
    const [address = "", bits, ...rest] = entry.split("/");
    const version = isIP(address);
    if (version === 0 || rest.length > 0 || address.includes("%")) throw badEntry(option, entry);
    const family = version === 4 ? "ipv4" : "ipv6";
    if (bits === undefined) list.addAddress(address, family);
    else if (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)) {
      list.addSubnet(address, Number(bits), family);
    } else throw badEntry(option, entry);
  }
  return (address) => {
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 4 ? "ipv4" : "ipv6");
  };
}

function badEntry(option: string, entry: unknown): TransportError {
  const came = typeof entry === "string" ? JSON.stringify(entry.slice(0, 60)) : typeof entry;
  return new TransportError(
    "bad_option",
    `${option}: expected a list of addresses ("192.0.2.7", "2001:db8::1") or networks ("10.0.0.0/8"), got ${came}`,
  );
}
