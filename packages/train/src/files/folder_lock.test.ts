import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join, relative } from "node:path";
import process from "node:process";
import { threadId } from "node:worker_threads";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FolderError } from "./folder_error.ts";
import { LOCK_FILE, lockFolder } from "./folder_lock.ts";

let folder: string;
beforeEach(() => folder = mkdtempSync(join(tmpdir(), "heddle-lock-")));
afterEach(() => rmSync(folder, { recursive: true }));

/** A lock of another run. */
function lockedBy(holder: object): void {
  const lock = { pid: process.pid, thread: threadId, host: hostname(), since: Date.now(), ...holder };
  writeFileSync(join(folder, LOCK_FILE), JSON.stringify(lock));
}
/** A process that has ended. */
function deadProcess(): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
    child.on("exit", () => resolve(child.pid!));
  });
}

test("one run at a time; after it the next one, and nothing is left", () => {
  const leave = lockFolder(folder);
  expect(() => lockFolder(folder)).toThrow(FolderError);
  expect(() => lockFolder(folder)).toThrow(
    `${folder} is in use by this process, number ${process.pid}, since 20`,
  );
  expect(() => lockFolder(relative("", folder))).toThrow(/is in use by this process/);
  leave();
  expect(readdirSync(folder)).toEqual([]);
  lockFolder(folder)();
  expect(readdirSync(folder)).toEqual([]);
});

test("a run that lives keeps its folder", () => {
  for (const holder of [{ pid: process.ppid }, { host: "elsewhere", pid: 2 ** 22 + 1 }, { thread: threadId + 1000 }]) {
    lockedBy(holder);
    expect(() => lockFolder(folder), JSON.stringify(holder)).toThrow(
      /is in use by the run.*If there is no such run, delete .*\.lock/,
    );
    expect(readdirSync(folder)).toEqual([LOCK_FILE]);
  }
});

test("what a killed run, a restarted container or machine, or a power failure left is taken over", async () => {
  const leftovers = [
    () => lockedBy({}),
    async () => lockedBy({ pid: await deadProcess() }),
    () => lockedBy({ pid: process.ppid, since: 0 }),
    () => writeFileSync(join(folder, LOCK_FILE), ""),
    () => writeFileSync(join(folder, LOCK_FILE), "\0\0\0"),
    () => writeFileSync(join(folder, LOCK_FILE), "{}"),
  ];
  for (const leave of leftovers) {
    await leave();
    lockFolder(folder)();
    expect(readdirSync(folder)).toEqual([]);
  }
});

test("leaving removes no lock of another run", () => {
  const leave = lockFolder(folder);
  lockedBy({ pid: process.ppid });
  leave();
  expect(existsSync(join(folder, LOCK_FILE))).toBe(true);
});
