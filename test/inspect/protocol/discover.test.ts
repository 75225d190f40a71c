import { chmod, mkdir, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { chooseServer, type FoundServer, listServers } from "../../../src/inspect/protocol/discover.js";
import { matching } from "../matchers.js";
import { privateDirectory } from "../private-directory.js";

async function socketAt(path: string, startedAt: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  await utimes(path, startedAt / 1_000, startedAt / 1_000);
}

function server(name: string, pid: number): FoundServer {
  return { name, pid, path: `/run/${name}-${pid}.sock`, startedAt: 0 };
}

describe("the list of servers", () => {
  it("has the sockets of living processes, oldest first", async () => {
    const directory = await privateDirectory();
    vi.spyOn(process, "kill").mockReturnValue(true);
    await socketAt(join(directory, "shop-300.sock"), 2_000);
    await socketAt(join(directory, "lobby-200.sock"), 1_000);
    expect(await listServers([directory])).toEqual([
      { name: "lobby", pid: 200, path: join(directory, "lobby-200.sock"), startedAt: 1_000 },
      { name: "shop", pid: 300, path: join(directory, "shop-300.sock"), startedAt: 2_000 },
    ]);
  });

  it("leaves out ended processes, files and what is named otherwise", async () => {
    const directory = await privateDirectory();
    await socketAt(join(directory, `lobby-${process.pid}.sock`), 1_000);
    // Above any pid that Linux gives.
    await socketAt(join(directory, "lobby-4194305.sock"), 1_000);
    await socketAt(join(directory, "other.sock"), 1_000);
    await writeFile(join(directory, `file-${process.pid}.sock`), "");
    expect((await listServers([directory])).map(({ name, pid }) => [name, pid])).toEqual([["lobby", process.pid]]);
  });

  it("has the processes of other users too, which one may not signal", async () => {
    const directory = await privateDirectory();
    vi.spyOn(process, "kill").mockImplementation(() => {
      throw Object.assign(new Error("not permitted"), { code: "EPERM" });
    });
    await socketAt(join(directory, "lobby-200.sock"), 1_000);
    expect(await listServers([directory])).toHaveLength(1);
  });

  it("is empty where there is no directory", async () => {
    expect(await listServers([join(await privateDirectory(), "none")])).toEqual([]);
  });

  it("comes from the safe directory although another is not", async () => {
    const directory = await privateDirectory();
    await mkdir(join(directory, "open"), { mode: 0o700 });
    await chmod(join(directory, "open"), 0o777);
    await expect(listServers([join(directory, "open")])).rejects.toMatchObject({ code: "unsafe_directory" });
    await socketAt(join(directory, `lobby-${process.pid}.sock`), 1_000);
    expect(await listServers([join(directory, "open"), directory])).toHaveLength(1);
  });
});

describe("the choice of a server", () => {
  const servers = [server("lobby", 1), server("lobby", 2), server("shop", 3)];

  it.each([
    [{ pid: 2 }, 2],
    [{ name: "shop" }, 3],
    [{ name: "lobby", pid: 1 }, 1],
  ])("by %j", (choice, pid) => {
    expect(chooseServer(servers, choice, ["/run"]).pid).toBe(pid);
  });

  it("needs no choice when there is one only", () => {
    expect(chooseServer([server("lobby", 1)], {}, ["/run"]).pid).toBe(1);
  });

  it("knows a name by its form in the file name", () => {
    expect(chooseServer([server("my_lobby", 1)], { name: "my lobby" }, ["/run"]).pid).toBe(1);
  });

  it("lists the servers when several fit", () => {
    expect(() => chooseServer(servers, { name: "lobby" }, ["/run"])).toThrow(
      expect.objectContaining({
        code: "several_servers",
        message:
          'Found 2 servers named "lobby". Choose one with --pid or --name:\n  --pid 1  --name lobby\n  --pid 2  --name lobby',
      }),
    );
  });

  it("says what was looked for, where, and what runs instead", () => {
    expect(() => chooseServer([server("shop", 3)], { name: "lobby", pid: 9 }, ["/run/a", "/tmp/b"])).toThrow(
      expect.objectContaining({
        code: "no_server",
        message: matching(
          /named "lobby" with pid 9 in \/run\/a or \/tmp\/b\.[^]*\nRunning now:\n {2}--pid 3 {2}--name shop$/,
        ),
      }),
    );
  });
});
