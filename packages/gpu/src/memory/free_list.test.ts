import { expect, test } from "vitest";
import { stateOf } from "./buffer_state.ts";
import { FreeList } from "./free_list.ts";

/** Buffers from the oldest to the newest. */
function buffers(count: number): GPUBuffer[] {
  const made = Array.from({ length: count }, () => ({ size: 64 }) as GPUBuffer);
  for (const buffer of made) stateOf(buffer);
  return made;
}

test("the oldest buffer comes first, in whatever order they were freed and removed", () => {
  const made = buffers(200);
  const list = new FreeList();
  const present = new Set<GPUBuffer>();
  const oldest = (): GPUBuffer | undefined => made.find((buffer) => present.has(buffer));
  let random = 1;
  for (let i = 0; i < 5000; i++) {
    random = random * 48271 % 2147483647;
    const buffer = made[random % made.length]!;
    if (present.delete(buffer)) expect(list.remove(buffer)).toBe(true);
    else if (random % 3 > 0) {
      present.add(buffer);
      list.push(buffer);
    } else {
      expect(list.remove(buffer)).toBe(false);
      const wanted = oldest();
      expect(list.pop()).toBe(wanted);
      if (wanted) present.delete(wanted);
    }
    expect(list.count).toBe(present.size);
  }
  while (present.size > 0) {
    const wanted = oldest()!;
    expect(list.pop()).toBe(wanted);
    present.delete(wanted);
  }
  expect(list.pop()).toBe(undefined);
});

test("popIdle returns the oldest buffer of earlier submissions", () => {
  const [first, second, third] = buffers(3);
  const list = new FreeList();
  [7, 6, 5].forEach((serial, i) => stateOf([first!, second!, third!][i]!).lastUsed = serial);
  for (const buffer of [third!, first!, second!]) list.push(buffer);
  expect(list.popIdle(7)).toBe(second);
  expect(list.popIdle(7)).toBe(third);
  expect(list.popIdle(7)).toBe(undefined);
  expect(list.pop()).toBe(first);
});
