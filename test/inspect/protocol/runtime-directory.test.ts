import { chmod, mkdir, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import {
  checkPrivateDirectory,
  parseSocketFile,
  preparePrivateDirectory,
  runtimeDirectories,
  socketName,
  socketPath,
} from "../../../src/inspect/protocol/runtime-directory.js";
import { privateDirectory } from "../private-directory.js";
import { containing } from "../matchers.js";

describe("the runtime directory", () => {
  it("is the user's own below XDG_RUNTIME_DIR, then below the temporary directory", () => {
    vi.spyOn(process, "getuid").mockReturnValue(1_000);
    expect(runtimeDirectories({ XDG_RUNTIME_DIR: "/run/user/1000" })).toEqual([
      "/run/user/1000/holdfast-1000",
      join(tmpdir(), "holdfast-1000"),
    ]);
  });

  it.each([undefined, "", "relative/dir"])("is not below an XDG_RUNTIME_DIR of %j", (value) => {
    vi.spyOn(process, "getuid").mockReturnValue(1_000);
    expect(runtimeDirectories({ XDG_RUNTIME_DIR: value })).toEqual([join(tmpdir(), "holdfast-1000")]);
  });

  it("is made with mode 0700, whatever the umask says", async () => {
    const path = join(await privateDirectory(), "sockets");
    await preparePrivateDirectory(path);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    await preparePrivateDirectory(path);
  });

  it("is absent until somebody makes it", async () => {
    expect(await checkPrivateDirectory(join(await privateDirectory(), "none"))).toBe(false);
  });

  it.each([0o750, 0o701, 0o777])("with mode %o is refused, with the command that mends it", async (mode) => {
    const path = await privateDirectory();
    await chmod(path, mode);
    await expect(preparePrivateDirectory(path)).rejects.toMatchObject({
      code: "unsafe_directory",
      message: `Cannot use ${path}: expected mode 0700, so that nobody else can enter, found 0${mode.toString(8)}. Run: chmod 700 ${path}`,
    });
  });

  it("that belongs to somebody else is refused", async () => {
    const path = await privateDirectory();
    const uid = process.getuid?.() ?? 0;
    vi.spyOn(process, "getuid").mockReturnValue(uid + 1);
    await expect(checkPrivateDirectory(path)).rejects.toMatchObject({
      code: "unsafe_directory",
      message: containing(`expected it to belong to user ${uid + 1}, it belongs to user ${uid}`),
    });
  });

  it("that is a symbolic link or a file is refused", async () => {
    const directory = await privateDirectory();
    await mkdir(join(directory, "real"), { mode: 0o700 });
    await symlink(join(directory, "real"), join(directory, "link"));
    await writeFile(join(directory, "file"), "");
    for (const name of ["link", "file"]) {
      await expect(preparePrivateDirectory(join(directory, name))).rejects.toMatchObject({ code: "unsafe_directory" });
    }
  });

  it("cannot be had where there are no user ids", () => {
    const original = process.getuid;
    Object.defineProperty(process, "getuid", { value: undefined, configurable: true });
    try {
      expect(() => runtimeDirectories({})).toThrow(expect.objectContaining({ code: "unsupported_platform" }));
    } finally {
      Object.defineProperty(process, "getuid", { value: original, configurable: true });
    }
  });
});

describe("a socket's file name", () => {
  it.each([
    ["lobby", 42],
    ["a-b-7", 4_194_304],
    ["..", 1],
  ])("tells the name and the pid: %s, %i", (name, pid) => {
    const file = socketPath("/run/h", name, pid).slice("/run/h/".length);
    expect(parseSocketFile(file)).toEqual({ name, pid });
  });

  it.each([
    ["my lobby/../x", "my_lobby_.._x"],
    ["", "_"],
    ["ü\u001b[2J", "___2J"],
    ["x".repeat(99), "x".repeat(32)],
  ])("carries no character of the name that could lead elsewhere: %j", (name, expected) => {
    expect(socketName(name)).toBe(expected);
  });

  it.each(["lobby.sock", "lobby-0.sock", "lobby-12.sock.bak", "-12.sock", "lobby-x.sock", "a b-1.sock"])(
    "is not %s",
    (file) => {
      expect(parseSocketFile(file)).toBeUndefined();
    },
  );

  it("that the operating system would cut is refused", () => {
    expect(() => socketPath(`/tmp/${"d".repeat(90)}`, "lobby", 1)).toThrow(
      expect.objectContaining({
        code: "path_too_long",
        message: containing("may have 103 bytes, this has 108"),
      }),
    );
  });
});
