import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { expect, test } from "vitest";
import { Assembler, conditions, inMemory, registers } from "./assembler.ts";
import { type VectorInstruction, vectorInstructions } from "./instructions.ts";
import { tileInstructions } from "./tile_instructions.ts";

/** What objdump makes of code: one line per instruction, without addresses. Null if objdump is missing. */
function disassembled(code: Uint8Array): string[] | null {
  const folder = mkdtempSync(join(tmpdir(), "heddle-"));
  try {
    const file = join(folder, "code");
    writeFileSync(file, code);
    const text = execFileSync(
      "objdump",
      ["-D", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", "--no-show-raw-insn", file],
      { encoding: "utf8", maxBuffer: 1 << 28 },
    );
    return text.split("\n").filter((line) => /^ +[0-9a-f]+:/.test(line)).map((line) =>
      line.replace(/^ +[0-9a-f]+:\s+/, "").replace(/\s*#.*/, "").replace(/\s+/g, " ").trim()
    );
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return null;
    throw error;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const hasObjdump = disassembled(new Uint8Array([0xc3])) !== null;
// A machine that checks everything has binutils; elsewhere the test is skipped.
const skip = !hasObjdump && process.env.CI === undefined;

test.skipIf(skip)("objdump is there", () => expect(hasObjdump, "install binutils").toBe(true));

const general32 = ["eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", ...rest("d")];
const general64 = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", ...rest("")];
function rest(suffix: string): string[] {
  return [8, 9, 10, 11, 12, 13, 14, 15].map((n) => `r${n}${suffix}`);
}

function named(type: string, register: number, length: number): string {
  const vectors = ["xmm", "ymm", "zmm"];
  switch (type) {
    case "v":
      return `${vectors[length]}${register}`;
    case "h":
      return `${vectors[Math.max(0, length - 1)]}${register}`;
    case "x":
      return `xmm${register}`;
    case "d":
      return general32[register]!;
    case "q":
      return general64[register]!;
    default:
      return `k${register}`;
  }
}

/** The registers of an operand's type that test every bit of an encoding. */
function some(type: string, evex: boolean): readonly number[] {
  if (type === "k") return [1, 5];
  if (type === "d" || type === "q") return [0, 6, 9, 15];
  return evex ? [0, 7, 9, 18, 31] : [0, 7, 9, 15];
}

interface Expected {
  readonly text: string;
}

/** Memory operands: base, displacement, index; and their text. */
const memoryOperands: readonly (readonly [base: number, displacement: number, index: number, text: string])[] = [
  [registers.rbx, 0, -1, "[rbx]"],
  [registers.rbp, 0, -1, "[rbp+0x0]"],
  [registers.rsp, 64, -1, "[rsp+0x40]"],
  [registers.rbx, 64, registers.rsi, "[rbx+rsi*1+0x40]"],
  [registers.r13, 0, registers.r12, "[r13+r12*1+0x0]"],
  [registers.rbx, 4096, registers.r9, "[rbx+r9*1+0x1000]"],
  [registers.r12, 1, registers.rdi, "[r12+rdi*1+0x1]"],
  [registers.rbx, 127 * 64, registers.rdi, "[rbx+rdi*1+0x1fc0]"],
  [registers.rbx, 128 * 64, registers.rdi, "[rbx+rdi*1+0x2000]"],
  [registers.rbx, 32, registers.rbp, "[rbx+rbp*1+0x20]"],
  [registers.rbx, -4, registers.r15, "[rbx+r15*1-0x4]"],
];

const predicates = ["eq", "lt", "le", "unord", "neq", "nlt", "nle", "ord"];
const integerPredicates = ["eq", "lt", "le", "false", "neq", "nlt", "nle", "true"];

/** The disassembler writes comparisons with their predicate. */
function withImmediate(name: string, immediate: number): [string, boolean] {
  if (/^vcmpp[sd]$/.test(name)) return [name.replace("vcmp", `vcmp${predicates[immediate]}`), false];
  if (/^vpcmpu?[dq]$/.test(name)) return [name.replace("vpcmp", `vpcmp${integerPredicates[immediate]}`), false];
  return [name, true];
}

test.skipIf(skip)("every vector instruction is what objdump reads", () => {
  const asm = new Assembler();
  const expected: Expected[] = [];
  const add = (row: VectorInstruction, evex: boolean, length: number): void => {
    const types = row.operands.replace(/[m.]/, "");
    const onlyMemory = row.operands.endsWith("m");
    const shown = row.immediate ? 1 : -1;
    const [name, hasImmediate] = row.immediate
      ? withImmediate(evex ? row.evexName : row.name, shown)
      : [evex ? row.evexName : row.name, false];
    const emit = (reg: number, v: number, rm: number, broadcast = false, mask = 0, zeroing = false): void => {
      const trailing = row.immediate || row.form === "blend" ? 1 : 0;
      if (evex) asm.evex(row, length, reg, v, rm, trailing, broadcast, mask, zeroing);
      else asm.vex(row, length, reg, v, rm, trailing);
      if (row.immediate) asm.byte(shown);
      else if (row.form === "blend") asm.byte(3 << 4);
    };
    /** The text of operands in the order of the prefix's fields. */
    const line = (reg: number, v: number, rm: string, decoration = ""): void => {
      const [a, b, c] = [...types];
      const operands: string[] = [];
      switch (row.form) {
        case "three":
          operands.push(named(a!, reg, length) + decoration, named(b!, v, length), rm);
          break;
        case "blend":
          operands.push(named(a!, reg, length), named(b!, v, length), rm, named(c!, 3, length));
          break;
        case "two":
        case "flags":
          operands.push(named(a!, reg, length) + decoration, rm);
          break;
        case "shift":
          operands.push(named(a!, v, length), rm);
          break;
        case "out":
          operands.push(
            rm + decoration,
            ...(types.length === 3 ? [named("v", v, length)] : []),
            named(b!, reg, length),
          );
          break;
        case "reversed":
          operands.push(named(a!, reg, length), rm, named(c!, v, length));
          break;
      }
      if (hasImmediate) operands.push("0x" + shown.toString(16));
      expected.push({ text: `${name} ${operands.join(",")}` });
    };
    const position = row.form === "out" ? 0 : row.form === "reversed" ? 1 : types.length - 1;
    const rmType = types[position]!;
    const regType = row.form === "out" ? types[1]! : types[0]!;
    const vType = row.form === "shift" ? types[0]! : row.form === "reversed" ? types[2]! : types[1]!;
    const usesV = types.length === 3 || row.form === "shift";
    if (!onlyMemory) {
      for (const reg of row.form === "shift" ? [0] : some(regType, evex)) {
        for (const v of usesV ? some(vType, evex) : [0]) {
          for (const rm of some(rmType, evex)) {
            emit(row.form === "shift" ? row.extension : reg, v, rm);
            line(reg, v, named(rmType, rm, length));
          }
        }
      }
    }
    if (!row.reads) return;
    const size = row.memoryBytes > 0 ? row.memoryBytes : (16 << length) / -row.memoryBytes;
    const pointer = rmType === "k" && size === 2
      ? "WORD"
      : ({ 1: "BYTE", 2: "WORD", 4: "DWORD", 8: "QWORD", 16: "XMMWORD", 32: "YMMWORD", 64: "ZMMWORD" } as const)[
        size as 1
      ];
    for (const [base, displacement, index, text] of memoryOperands) {
      const [reg, v] = [some(regType, evex)[1]!, usesV ? some(vType, evex)[2] ?? 2 : 0];
      asm.memory(base, displacement, index);
      emit(row.form === "shift" ? row.extension : reg, v, inMemory);
      line(reg, v, `${pointer} PTR ${text}`);
      if (!evex || row.broadcast === 0) continue;
      emit(reg, v, inMemory, true);
      line(reg, v, `${row.broadcast === 4 ? "DWORD" : "QWORD"} BCST ${text}`);
    }
    if (!evex || regType === "k" || rmType === "k" || !["two", "three"].includes(row.form) || row.length >= 0) return;
    asm.memory(registers.rbx, 64, registers.rsi);
    emit(3, usesV ? 20 : 0, inMemory, false, 5, true);
    line(3, 20, `${pointer} PTR [rbx+rsi*1+0x40]`, "{k5}{z}");
  };
  for (const row of Object.values(vectorInstructions)) {
    const lengths = (most: number): readonly number[] => {
      if (row.length >= 0) return [row.length];
      const least = /f128|f64x4|perm2|shuff32x4|^vpermq|^vpermd/.test(row.name)
        ? (row.name.includes("f64x4") ? 2 : 1)
        : 0;
      return [0, 1, 2].filter((length) => length >= least && length <= most);
    };
    if (row.vex) { for (const length of lengths(1)) add(row, false, length); }
    if (row.evex) { for (const length of lengths(2)) add(row, true, length); }
  }
  const lines = disassembled(asm.finish(new Uint8Array(0)).subarray(0, asm.length))!;
  // Comparisons are named by their predicate, and the disassembler marks what could have had a shorter prefix.
  const plain = (text: string): string => text.replace("{evex} ", "").replace(/\{1to\d+\}/, "");
  expect(expected.length).toBeGreaterThan(10_000);
  const wrong: string[] = [];
  expected.forEach(({ text }, i) => {
    if (plain(lines[i]!) !== text) wrong.push(`${lines[i]} instead of ${text}`);
  });
  expect(wrong.slice(0, 40)).toEqual([]);
});

test.skipIf(skip)("integer instructions are what objdump reads", () => {
  const asm = new Assembler();
  const expected: string[] = [];
  const { rax, rsi, r8, r13, rbx } = registers;
  const put = (text: string, emit: () => void): void => {
    emit();
    expected.push(text);
  };
  put("mov esi,r8d", () => asm.integer(0, 0x8b, rsi, r8));
  put("mov r13,rax", () => asm.integer(1, 0x8b, r13, rax));
  put("mov BYTE PTR [rbx+rsi*1],sil", () => (asm.memory(rbx, 0, rsi), asm.integer(0, 0x88, rsi, inMemory, 0, true)));
  put("mov BYTE PTR [rbx+rsi*1],al", () => asm.integer(0, 0x88, rax, inMemory, 0, true));
  put("mov WORD PTR [rbx+rsi*1],r8w", () => asm.integer(0, 0x660089, r8, inMemory));
  put("movzx r8d,WORD PTR [rbx+rsi*1]", () => asm.integer(0, 0x0fb7, r8, inMemory));
  put("movsx esi,BYTE PTR [rbx+rsi*1]", () => asm.integer(0, 0x0fbe, rsi, inMemory));
  put("lea r8d,[rsi+r13*4+0x10]", () => (asm.memory(rsi, 16, r13, 2), asm.integer(0, 0x8d, r8, inMemory)));
  put("prefetcht1 BYTE PTR [rbx+rsi*1]", () => (asm.memory(rbx, 0, rsi), asm.integer(0, 0x0f18, 2, inMemory)));
  put("prefetchw BYTE PTR [rbx+r8*1]", () => (asm.memory(rbx, 0, r8), asm.integer(0, 0x0f0d, 1, inMemory)));
  put("lzcnt r8d,esi", () => asm.integer(0, 0xf30fbd, r8, rsi));
  put("tzcnt esi,r13d", () => asm.integer(0, 0xf30fbc, rsi, r13));
  put("imul r8,rax", () => asm.integer(1, 0x0faf, r8, rax));
  put("movsxd r8,esi", () => asm.integer(1, 0x63, r8, rsi));
  put("cmovl r8d,esi", () => asm.integer(0, 0x0f40 | conditions.l, r8, rsi));
  put("setne al", () => asm.integer(0, 0x0f90 | conditions.ne, 0, rax, 0, true));
  put("add r13,0x7f", () => asm.immediate(1, 0, r13, 127));
  put("and esi,0x80", () => asm.immediate(0, 4, rsi, 128));
  put("cmp r8d,0xffffffff", () => asm.immediate(0, 7, r8, -1));
  put("mov r13d,0x12345678", () => asm.moveImmediate(r13, 0x12345678));
  put("movabs rax,0x1234567812345678", () => asm.moveImmediate64(rax, 0x12345678, 0x12345678));
  put("push r13", () => asm.push(r13));
  put("pop rsi", () => asm.pop(rsi));
  put("ret", () => asm.ret());
  put("vzeroupper", () => asm.vzeroupper());
  const lines = disassembled(asm.finish(new Uint8Array(0)))!;
  expect(lines.slice(0, expected.length)).toEqual(expected);
});

test.skipIf(skip)("instructions on tiles are what objdump reads", () => {
  const asm = new Assembler();
  const expected: string[] = [];
  const { ldtilecfg, tilerelease, tilezero, tileloadd, tilestored, tdpbf16ps } = tileInstructions;
  const { rax, rcx, rbx, rsi, r9, r12, r13 } = registers;
  const put = (text: string, row: VectorInstruction, reg: number, v: number, rm: number): void => {
    asm.vex(row, 0, reg, v, rm, 0);
    expected.push(text);
  };
  asm.memory(rbx, 64);
  put("ldtilecfg [rbx+0x40]", ldtilecfg, 0, 0, inMemory);
  put("tilerelease", tilerelease, 0, 0, 0);
  for (let t = 0; t < 8; t++) {
    put(`tilezero tmm${t}`, tilezero, t, 0, 0);
    for (const [base, index, text] of [[rax, rcx, "rax+rcx"], [r13, r9, "r13+r9"], [rsi, r12, "rsi+r12"]] as const) {
      asm.memory(base, 0, index);
      put(`tileloadd tmm${t},[${text}*1${base === r13 ? "+0x0" : ""}]`, tileloadd, t, 0, inMemory);
      put(`tilestored [${text}*1${base === r13 ? "+0x0" : ""}],tmm${t}`, tilestored, t, 0, inMemory);
    }
    for (let a = 0; a < 8; a++) {
      for (let b = 0; b < 8; b++) {
        if (t !== a && t !== b && a !== b) put(`tdpbf16ps tmm${t},tmm${a},tmm${b}`, tdpbf16ps, t, b, a);
      }
    }
  }
  const lines = disassembled(asm.finish(new Uint8Array(0)))!;
  expect(lines.slice(0, expected.length)).toEqual(expected);
});
