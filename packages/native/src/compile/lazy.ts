/**
 * Functions that are compiled when they are called first.
 *
 * Code calls them through a table of addresses, which lies outside of the pages of code. A missing function's address there is that of
 * code which leaves the run: it copies the stack, up to the end of the entry's frame, behind the run's parameters, notes the number of the
 * function, and returns to the caller of the run. That compiles the function, writes its address to the table and calls the run again, with
 * the same parameters' address. The run then copies the stack back and continues with the call, on any thread. Code refers to the stack by
 * its stack pointer alone, so that the copy works at any address; vectors and masks are not live in registers over calls.
 */
import { type Assembler, inMemory, registers } from "../x86/assembler.ts";
import {
  bottomOffset,
  calleeSaved,
  copyBytesOffset,
  copyOffset,
  generalRegisters,
  type LazyFrame,
  memoryBase,
  missingOffset,
} from "./frame.ts";

const { rax, rcx, rdx, rsi, rdi, r8, rsp } = registers;

/** The bytes of a copy that are not frames. */
export const copyOverhead: number = 8 * (generalRegisters.length + 1);

/** Writes the code that leaves a run (rax: the number of the missing function, rdx: the address of the parameters), and the code that resumes it. */
export function leaveAndResume(asm: Assembler, { table, resume }: LazyFrame, base: bigint): void {
  const word = (address: bigint): [number, number] => [
    Number(address & 0xffff_ffffn) | 0,
    Number(address >> 32n) | 0,
  ];
  const load = (wide: number, to: number, from: number, offset: number): void => {
    asm.memory(from, offset);
    asm.integer(wide, 0x8b, to, inMemory);
  };
  const store = (wide: number, value: number, to: number, offset: number): void => {
    asm.memory(to, offset);
    asm.integer(wide, 0x89, value, inMemory);
  };
  const move = (to: number, from: number): void => asm.integer(1, 0x8b, to, from);
  const copyBytes = (): void => {
    asm.byte(0xf3);
    asm.byte(0xa4);
  };

  asm.vzeroupper();
  for (const r of generalRegisters) asm.push(r);
  store(0, rax, rdx, missingOffset);
  load(1, rcx, rdx, bottomOffset);
  load(1, r8, rcx, -8);
  asm.integer(1, 0x2b, rcx, rsp);
  store(0, rcx, rdx, copyBytesOffset);
  move(rsi, rsp);
  move(rdi, rdx);
  asm.immediate(1, 0, rdi, copyOffset);
  copyBytes();
  move(rsp, r8);
  for (const r of calleeSaved.toReversed()) asm.pop(r);
  asm.ret();

  asm.align(64);
  asm.bind(resume);
  for (const r of calleeSaved) asm.push(r);
  move(rax, rsp);
  asm.immediate(1, 4, rsp, -64);
  store(1, rsp, rdi, bottomOffset);
  move(rdx, rdi);
  load(0, rcx, rdx, copyBytesOffset);
  asm.integer(1, 0x2b, rsp, rcx);
  move(rsi, rdx);
  asm.immediate(1, 0, rsi, copyOffset);
  move(rdi, rsp);
  copyBytes();
  // The entry's frame ends with the stack pointer to return to.
  load(1, rcx, rdx, bottomOffset);
  store(1, rax, rcx, -8);
  for (const r of generalRegisters.toReversed()) asm.pop(r);
  asm.moveImmediate64(memoryBase, ...word(base));
  load(0, rax, rdx, missingOffset);
  asm.memory(rdx, missingOffset);
  asm.integer(0, 0xc7, 0, inMemory, 4);
  asm.word32(0);
  asm.moveImmediate64(rcx, ...word(table));
  asm.memory(rcx, 0, rax, 3);
  asm.integer(0, 0xff, 4, inMemory);
}
