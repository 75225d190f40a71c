import { createSystem } from "holdfast";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { Device } from "../../../examples/devices/connect-device.js";
import { People } from "../../../examples/devices/people.js";

interface HasPort {
  port(): number;
}

async function people(): Promise<string> {
  const system = await createSystem({ root: People, rootArgs: { port: 0, host: "127.0.0.1" } });
  onTestFinished(() => system.stop());
  return `ws://127.0.0.1:${await system.whereis<HasPort>("endpoint.listener")?.call.port()}/socket`;
}

/** A device, and the lines that it has shown. */
class Screen {
  readonly lines: string[] = [];
  readonly device: Device;
  #wake: () => void = () => undefined;

  constructor(url: string, name: string, device: string) {
    const say = (line: string): void => {
      this.lines.push(line);
      this.#wake();
    };
    this.device = new Device({ url, name, device, say, socket: { webSocket: WebSocket } });
    onTestFinished(() => this.device.leave());
  }

  async shows(line: string): Promise<void> {
    while (!this.lines.includes(line)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

describe("the devices example", () => {
  it("shows who is here, and on which devices", async () => {
    const url = await people();
    const phone = new Screen(url, "ada", "phone");
    await phone.shows("Here: ada (phone)");
    const bob = new Screen(url, "bob", "laptop");
    await bob.shows("Here: ada (phone), bob (laptop)");
    const laptop = new Screen(url, "ada", "laptop");
    await bob.shows("Here: ada (laptop; phone), bob (laptop)");
    laptop.device.leave();
    await bob.shows("Here: ada (phone), bob (laptop)");
  });

  it("tells all devices of a person, and one's own others", async () => {
    const url = await people();
    const [phone, laptop] = [new Screen(url, "ada", "phone"), new Screen(url, "ada", "laptop")];
    const bob = new Screen(url, "bob", "laptop");
    for (const screen of [phone, laptop, bob]) await screen.shows("Here: ada (laptop; phone), bob (laptop)");
    await bob.device.tell("ada: hello");
    await Promise.all([phone.shows("bob (laptop): hello"), laptop.shows("bob (laptop): hello")]);
    expect(bob.lines.at(-1)).toBe("Told ada on 2 devices");
    await phone.device.tell("note to self");
    await laptop.shows("ada (phone): note to self");
    expect(phone.lines).toContain("Told ada on 1 device");
    expect(phone.lines).not.toContain("ada (phone): note to self");
    await bob.device.tell("eve: hello");
    expect(bob.lines.at(-1)).toBe("nobody is there as eve");
  });

  it("gives a fourth device the place of the first", async () => {
    const url = await people();
    const first = new Screen(url, "ada", "1");
    await first.shows("Here: ada (1)");
    const others = ["2", "3", "4"].map((name) => new Screen(url, "ada", name));
    await first.shows("Another device has taken this one's place.");
    await Promise.all(others.map((screen) => screen.shows("Here: ada (2; 3; 4)")));
  });
});
