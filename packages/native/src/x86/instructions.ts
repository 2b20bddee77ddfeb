/** Vector, mask and bit-field instructions of x86-64 with VEX and EVEX prefixes, as data. */
import {
  bytes,
  compare,
  double,
  evexOnly,
  fma,
  immediate,
  instruction,
  mask,
  none,
  packed,
  packed64,
  scalarDouble,
  scalarSingle,
  shift,
  shiftBy,
  single,
  unary,
  type VectorInstruction,
  vexOnly,
  x66,
  xF2,
  xF3,
} from "./instruction_rows.ts";

export type { VectorInstruction };

const [fmadd132ps, fmadd132pd] = fma("fmadd132", 0x98);
const [fmadd213ps, fmadd213pd] = fma("fmadd213", 0xa8);
const [fmadd231ps, fmadd231pd] = fma("fmadd231", 0xb8);
const [fnmadd132ps, fnmadd132pd] = fma("fnmadd132", 0x9c);
const [fnmadd213ps, fnmadd213pd] = fma("fnmadd213", 0xac);
const [fnmadd231ps, fnmadd231pd] = fma("fnmadd231", 0xbc);

/** The names of the instructions. */
export type VectorInstructionName =
  | "addps"
  | "mulps"
  | "subps"
  | "minps"
  | "divps"
  | "maxps"
  | "sqrtps"
  | "addpd"
  | "mulpd"
  | "subpd"
  | "minpd"
  | "divpd"
  | "maxpd"
  | "sqrtpd"
  | "addss"
  | "mulss"
  | "subss"
  | "divss"
  | "sqrtss"
  | "addsd"
  | "mulsd"
  | "subsd"
  | "divsd"
  | "sqrtsd"
  | "roundps"
  | "roundpd"
  | "rangeps"
  | "rangepd"
  | "fmadd132ps"
  | "fmadd132pd"
  | "fmadd213ps"
  | "fmadd213pd"
  | "fmadd231ps"
  | "fmadd231pd"
  | "fnmadd132ps"
  | "fnmadd132pd"
  | "fnmadd213ps"
  | "fnmadd213pd"
  | "fnmadd231ps"
  | "fnmadd231pd"
  | "pand"
  | "pandn"
  | "por"
  | "pxor"
  | "paddd"
  | "psubd"
  | "pmulld"
  | "pminsd"
  | "pmaxsd"
  | "pmaxud"
  | "pabsd"
  | "paddq"
  | "psubq"
  | "pmuludq"
  | "pmullq"
  | "pabsq"
  | "paddusb"
  | "pternlogd"
  | "pslld"
  | "psrld"
  | "psrad"
  | "psllq"
  | "psrlq"
  | "psraq"
  | "pslldBy"
  | "psrldBy"
  | "psradBy"
  | "psllqBy"
  | "psrlqBy"
  | "psraqBy"
  | "cmpps"
  | "cmppd"
  | "kcmpps"
  | "kcmppd"
  | "pcmpeqd"
  | "pcmpgtd"
  | "pcmpeqq"
  | "pcmpgtq"
  | "kcmpd"
  | "kcmpud"
  | "kcmpq"
  | "ptestmd"
  | "ptestnmd"
  | "ptest"
  | "ucomiss"
  | "ucomisd"
  | "blendmps"
  | "blendmpd"
  | "blendvps"
  | "pblendd"
  | "pmovm2d"
  | "pmovm2q"
  | "pmovd2m"
  | "movmskps"
  | "kandw"
  | "kandnw"
  | "knotw"
  | "korw"
  | "kxorw"
  | "kortestw"
  | "kmovw"
  | "kmovwFrom"
  | "kmovwTo"
  | "kmovwLoad"
  | "kmovwStore"
  | "movups"
  | "movupsStore"
  | "movupd"
  | "movupdStore"
  | "movss"
  | "movssStore"
  | "movsd"
  | "movsdStore"
  | "movsdLow"
  | "movd"
  | "movq"
  | "movdTo"
  | "movqTo"
  | "movlps"
  | "movhps"
  | "movhpsStore"
  | "pmaskmovd"
  | "pmaskmovq"
  | "pmaskmovdStore"
  | "pmaskmovqStore"
  | "broadcastss"
  | "pbroadcastb"
  | "pbroadcastw"
  | "pbroadcastd"
  | "pbroadcastq"
  | "pbroadcastbFrom"
  | "pbroadcastwFrom"
  | "pbroadcastdFrom"
  | "pbroadcastqFrom"
  | "pinsrb"
  | "pinsrw"
  | "pinsrd"
  | "pinsrq"
  | "pextrb"
  | "pextrw"
  | "pextrd"
  | "pextrq"
  | "insertps"
  | "extractf128"
  | "insertf128"
  | "broadcastf128"
  | "extractf64x4"
  | "perm2f128"
  | "shuff32x4"
  | "shufps"
  | "pshufd"
  | "unpcklps"
  | "unpckhps"
  | "unpcklpd"
  | "unpckhpd"
  | "pshufb"
  | "palignr"
  | "permd"
  | "permq"
  | "permqBy"
  | "permi2d"
  | "alignd"
  | "permw"
  | "cvtne2ps2bf16"
  | "packssdw"
  | "packusdw"
  | "packsswb"
  | "packuswb"
  | "pmovsxbw"
  | "pmovsxwd"
  | "pmovsxdq"
  | "pmovzxbw"
  | "pmovzxwd"
  | "pmovzxdq"
  | "pmovqd"
  | "cvtdq2ps"
  | "cvttps2dq"
  | "cvtudq2ps"
  | "cvtps2pd"
  | "cvtpd2ps"
  | "cvtdq2pd"
  | "cvtudq2pd"
  | "cvttpd2dq"
  | "cvtss2sd"
  | "cvtsd2ss"
  | "cvtsi2ss"
  | "cvtsi2sd"
  | "cvtsi2ss64"
  | "cvtsi2sd64"
  | "cvttss2si64"
  | "cvttsd2si64"
  | "shlx"
  | "sarx"
  | "shrx"
  | "shlx64"
  | "sarx64"
  | "shrx64"
  | "bzhi";

/** The instructions by name. */
export const vectorInstructions: { readonly [Name in VectorInstructionName]: VectorInstruction } = {
  // Floating point
  addps: single("add", 0x58),
  mulps: single("mul", 0x59),
  subps: single("sub", 0x5c),
  minps: single("min", 0x5d),
  divps: single("div", 0x5e),
  maxps: single("max", 0x5f),
  sqrtps: single("sqrt", 0x51, unary),
  addpd: double("add", 0x58),
  mulpd: double("mul", 0x59),
  subpd: double("sub", 0x5c),
  minpd: double("min", 0x5d),
  divpd: double("div", 0x5e),
  maxpd: double("max", 0x5f),
  sqrtpd: double("sqrt", 0x51, unary),
  addss: scalarSingle("add", 0x58),
  mulss: scalarSingle("mul", 0x59),
  subss: scalarSingle("sub", 0x5c),
  divss: scalarSingle("div", 0x5e),
  sqrtss: scalarSingle("sqrt", 0x51),
  addsd: scalarDouble("add", 0x58),
  mulsd: scalarDouble("mul", 0x59),
  subsd: scalarDouble("sub", 0x5c),
  divsd: scalarDouble("div", 0x5e),
  sqrtsd: scalarDouble("sqrt", 0x51),
  roundps: instruction("vroundps", 3, x66, 0, 0x08, 4, { ...unary, ...immediate, evexName: "vrndscaleps" }),
  roundpd: instruction("vroundpd", 3, x66, 1, 0x09, 8, { ...unary, ...immediate, evexName: "vrndscalepd", vexW: 0 }),
  rangeps: instruction("vrangeps", 3, x66, 0, 0x50, 4, { ...immediate, ...evexOnly }),
  rangepd: instruction("vrangepd", 3, x66, 1, 0x50, 8, { ...immediate, ...evexOnly }),
  fmadd132ps,
  fmadd132pd,
  fmadd213ps,
  fmadd213pd,
  fmadd231ps,
  fmadd231pd,
  fnmadd132ps,
  fnmadd132pd,
  fnmadd213ps,
  fnmadd213pd,
  fnmadd231ps,
  fnmadd231pd,
  // Integers and bits
  pand: packed("pand", 1, 0xdb, { evexName: "vpandd" }),
  pandn: packed("pandn", 1, 0xdf, { evexName: "vpandnd" }),
  por: packed("por", 1, 0xeb, { evexName: "vpord" }),
  pxor: packed("pxor", 1, 0xef, { evexName: "vpxord" }),
  paddd: packed("paddd", 1, 0xfe),
  psubd: packed("psubd", 1, 0xfa),
  pmulld: packed("pmulld", 2, 0x40),
  pminsd: packed("pminsd", 2, 0x39),
  pmaxsd: packed("pmaxsd", 2, 0x3d),
  pmaxud: packed("pmaxud", 2, 0x3f),
  pabsd: packed("pabsd", 2, 0x1e, unary),
  paddq: packed64("paddq", 1, 0xd4),
  psubq: packed64("psubq", 1, 0xfb),
  pmuludq: packed64("pmuludq", 1, 0xf4),
  pmullq: packed64("pmullq", 2, 0x40, evexOnly),
  pabsq: packed64("pabsq", 2, 0x1f, { ...unary, ...evexOnly }),
  paddusb: bytes("paddusb", 1, 0xdc),
  pternlogd: packed("pternlogd", 3, 0x25, { ...immediate, ...evexOnly }),
  // Shifts
  pslld: shift("pslld", 0, 0x72, 6),
  psrld: shift("psrld", 0, 0x72, 2),
  psrad: shift("psrad", 0, 0x72, 4),
  psllq: shift("psllq", 1, 0x73, 6),
  psrlq: shift("psrlq", 1, 0x73, 2),
  psraq: shift("psraq", 1, 0x72, 4, evexOnly),
  pslldBy: shiftBy("pslld", 0, 0xf2),
  psrldBy: shiftBy("psrld", 0, 0xd2),
  psradBy: shiftBy("psrad", 0, 0xe2),
  psllqBy: shiftBy("psllq", 1, 0xf3),
  psrlqBy: shiftBy("psrlq", 1, 0xd3),
  psraqBy: shiftBy("psraq", 1, 0xe2, evexOnly),
  // Comparisons
  cmpps: single("cmp", 0xc2, { ...immediate, ...vexOnly }),
  cmppd: double("cmp", 0xc2, { ...immediate, ...vexOnly }),
  kcmpps: single("cmp", 0xc2, compare),
  kcmppd: double("cmp", 0xc2, compare),
  pcmpeqd: packed("pcmpeqd", 1, 0x76, vexOnly),
  pcmpgtd: packed("pcmpgtd", 1, 0x66, vexOnly),
  pcmpeqq: packed("pcmpeqq", 2, 0x29, vexOnly),
  pcmpgtq: packed("pcmpgtq", 2, 0x37, vexOnly),
  kcmpd: packed("pcmpd", 3, 0x1f, compare),
  kcmpud: packed("pcmpud", 3, 0x1e, compare),
  kcmpq: packed64("pcmpq", 3, 0x1f, compare),
  ptestmd: instruction("vptestmd", 2, x66, 0, 0x27, 4, { operands: "kvv", ...evexOnly }),
  ptestnmd: instruction("vptestnmd", 2, xF3, 0, 0x27, 4, { operands: "kvv", ...evexOnly }),
  ptest: bytes("ptest", 2, 0x17, { ...unary, ...vexOnly, form: "flags" }),
  ucomiss: instruction("vucomiss", 1, none, 0, 0x2e, 0, { operands: "xx", memory: 4, form: "flags", length: 0 }),
  ucomisd: instruction("vucomisd", 1, x66, 1, 0x2e, 0, {
    operands: "xx",
    memory: 8,
    form: "flags",
    length: 0,
    vexW: 0,
  }),
  // Choices between vectors
  blendmps: instruction("vblendmps", 2, x66, 0, 0x65, 4, evexOnly),
  blendmpd: instruction("vblendmpd", 2, x66, 1, 0x65, 8, evexOnly),
  blendvps: instruction("vblendvps", 3, x66, 0, 0x4a, 0, { operands: "vvv", form: "blend", ...vexOnly }),
  pblendd: instruction("vpblendd", 3, x66, 0, 0x02, 0, { ...immediate, ...vexOnly }),
  // Masks
  pmovm2d: instruction("vpmovm2d", 2, xF3, 0, 0x38, 0, { operands: "vk.", ...evexOnly }),
  pmovm2q: instruction("vpmovm2q", 2, xF3, 1, 0x38, 0, { operands: "vk.", ...evexOnly }),
  pmovd2m: instruction("vpmovd2m", 2, xF3, 0, 0x39, 0, { operands: "kv.", ...evexOnly }),
  movmskps: single("movmsk", 0x50, { operands: "dv.", ...vexOnly }),
  kandw: mask("kandw", 0x41, "kkk.", 1),
  kandnw: mask("kandnw", 0x42, "kkk.", 1),
  knotw: mask("knotw", 0x44, "kk.", 0),
  korw: mask("korw", 0x45, "kkk.", 1),
  kxorw: mask("kxorw", 0x47, "kkk.", 1),
  kortestw: mask("kortestw", 0x98, "kk.", 0, { form: "flags" }),
  kmovw: mask("kmovw", 0x90, "kk.", 0),
  kmovwFrom: mask("kmovw", 0x92, "kd.", 0),
  kmovwTo: mask("kmovw", 0x93, "dk.", 0),
  kmovwLoad: mask("kmovw", 0x90, "kkm", 0, { form: "two", memory: 2 }),
  kmovwStore: mask("kmovw", 0x91, "kkm", 0, { form: "out", memory: 2 }),
  // Moves
  movups: instruction("vmovups", 1, none, 0, 0x10, 0, unary),
  movupsStore: instruction("vmovups", 1, none, 0, 0x11, 0, { operands: "vvm", form: "out" }),
  movupd: instruction("vmovupd", 1, x66, 1, 0x10, 0, { ...unary, vexW: 0 }),
  movupdStore: instruction("vmovupd", 1, x66, 1, 0x11, 0, { operands: "vvm", form: "out", vexW: 0 }),
  movss: instruction("vmovss", 1, xF3, 0, 0x10, 0, { operands: "xxm", form: "two", memory: 4, length: 0 }),
  movssStore: instruction("vmovss", 1, xF3, 0, 0x11, 0, { operands: "xxm", form: "out", memory: 4, length: 0 }),
  movsd: instruction("vmovsd", 1, xF2, 1, 0x10, 0, { operands: "xxm", form: "two", memory: 8, length: 0, vexW: 0 }),
  movsdStore: instruction("vmovsd", 1, xF2, 1, 0x11, 0, {
    operands: "xxm",
    form: "out",
    memory: 8,
    length: 0,
    vexW: 0,
  }),
  movsdLow: instruction("vmovsd", 1, xF2, 1, 0x10, 0, { operands: "xxx.", form: "three", length: 0, vexW: 0 }),
  movd: instruction("vmovd", 1, x66, 0, 0x6e, 0, { operands: "xd", length: 0 }),
  movq: instruction("vmovq", 1, x66, 1, 0x6e, 0, { operands: "xq", length: 0 }),
  movdTo: instruction("vmovd", 1, x66, 0, 0x7e, 0, { operands: "dx", form: "out", memory: 4, length: 0 }),
  movqTo: instruction("vmovq", 1, x66, 1, 0x7e, 0, { operands: "qx", form: "out", memory: 8, length: 0 }),
  movlps: instruction("vmovlps", 1, none, 0, 0x12, 0, { operands: "xxxm", form: "three", memory: 8, length: 0 }),
  movhps: instruction("vmovhps", 1, none, 0, 0x16, 0, { operands: "xxxm", form: "three", memory: 8, length: 0 }),
  movhpsStore: instruction("vmovhps", 1, none, 0, 0x17, 0, { operands: "xxm", form: "out", memory: 8, length: 0 }),
  pmaskmovd: instruction("vpmaskmovd", 2, x66, 0, 0x8c, 0, { operands: "vvvm", form: "three", ...vexOnly }),
  pmaskmovq: instruction("vpmaskmovq", 2, x66, 1, 0x8c, 0, { operands: "vvvm", form: "three", ...vexOnly }),
  pmaskmovdStore: instruction("vpmaskmovd", 2, x66, 0, 0x8e, 0, { operands: "vvvm", form: "out", ...vexOnly }),
  pmaskmovqStore: instruction("vpmaskmovq", 2, x66, 1, 0x8e, 0, { operands: "vvvm", form: "out", ...vexOnly }),
  // One lane for all
  broadcastss: instruction("vbroadcastss", 2, x66, 0, 0x18, 0, { operands: "vx", memory: 4 }),
  pbroadcastb: bytes("pbroadcastb", 2, 0x78, { operands: "vx", memory: 1 }),
  pbroadcastw: bytes("pbroadcastw", 2, 0x79, { operands: "vx", memory: 2 }),
  pbroadcastd: bytes("pbroadcastd", 2, 0x58, { operands: "vx", memory: 4 }),
  pbroadcastq: instruction("vpbroadcastq", 2, x66, 1, 0x59, 0, { operands: "vx", memory: 8, vexW: 0 }),
  pbroadcastbFrom: bytes("pbroadcastb", 2, 0x7a, { operands: "vd.", ...evexOnly }),
  pbroadcastwFrom: bytes("pbroadcastw", 2, 0x7b, { operands: "vd.", ...evexOnly }),
  pbroadcastdFrom: bytes("pbroadcastd", 2, 0x7c, { operands: "vd.", ...evexOnly }),
  pbroadcastqFrom: instruction("vpbroadcastq", 2, x66, 1, 0x7c, 0, { operands: "vq.", ...evexOnly }),
  // Single lanes
  pinsrb: instruction("vpinsrb", 3, x66, 0, 0x20, 0, { operands: "xxd", memory: 1, ...immediate, length: 0 }),
  pinsrw: instruction("vpinsrw", 1, x66, 0, 0xc4, 0, { operands: "xxd", memory: 2, ...immediate, length: 0 }),
  pinsrd: instruction("vpinsrd", 3, x66, 0, 0x22, 0, { operands: "xxd", memory: 4, ...immediate, length: 0 }),
  pinsrq: instruction("vpinsrq", 3, x66, 1, 0x22, 0, { operands: "xxq", memory: 8, ...immediate, length: 0 }),
  pextrb: instruction("vpextrb", 3, x66, 0, 0x14, 0, {
    operands: "dx",
    form: "out",
    memory: 1,
    ...immediate,
    length: 0,
  }),
  pextrw: instruction("vpextrw", 3, x66, 0, 0x15, 0, {
    operands: "dx",
    form: "out",
    memory: 2,
    ...immediate,
    length: 0,
  }),
  pextrd: instruction("vpextrd", 3, x66, 0, 0x16, 0, {
    operands: "dx",
    form: "out",
    memory: 4,
    ...immediate,
    length: 0,
  }),
  pextrq: instruction("vpextrq", 3, x66, 1, 0x16, 0, {
    operands: "qx",
    form: "out",
    memory: 8,
    ...immediate,
    length: 0,
  }),
  insertps: instruction("vinsertps", 3, x66, 0, 0x21, 0, { operands: "xxx", memory: 4, ...immediate, length: 0 }),
  // Pieces of 16 bytes
  extractf128: instruction("vextractf128", 3, x66, 0, 0x19, 0, {
    operands: "xv",
    form: "out",
    memory: 16,
    ...immediate,
    evexName: "vextractf32x4",
  }),
  insertf128: instruction("vinsertf128", 3, x66, 0, 0x18, 0, {
    operands: "vvx",
    ...immediate,
    evexName: "vinsertf32x4",
  }),
  broadcastf128: instruction("vbroadcastf128", 2, x66, 0, 0x1a, 0, {
    operands: "vxm",
    memory: 16,
    evexName: "vbroadcastf32x4",
  }),
  extractf64x4: instruction("vextractf64x4", 3, x66, 1, 0x1b, 0, {
    operands: "hv",
    form: "out",
    memory: 32,
    ...immediate,
    ...evexOnly,
  }),
  perm2f128: instruction("vperm2f128", 3, x66, 0, 0x06, 0, { ...immediate, ...vexOnly }),
  shuff32x4: instruction("vshuff32x4", 3, x66, 0, 0x23, 4, { ...immediate, ...evexOnly }),
  // Lanes in another order
  shufps: single("shuf", 0xc6, immediate),
  pshufd: packed("pshufd", 1, 0x70, { ...unary, ...immediate }),
  unpcklps: single("unpckl", 0x14),
  unpckhps: single("unpckh", 0x15),
  unpcklpd: double("unpckl", 0x14),
  unpckhpd: double("unpckh", 0x15),
  pshufb: bytes("pshufb", 2, 0x00),
  palignr: bytes("palignr", 3, 0x0f, immediate),
  permd: packed("permd", 2, 0x36),
  permq: instruction("vpermq", 3, x66, 1, 0x00, 8, { ...unary, ...immediate }),
  permqBy: packed64("permq", 2, 0x36, evexOnly),
  permi2d: packed("permi2d", 2, 0x76, evexOnly),
  alignd: packed("alignd", 3, 0x03, { ...immediate, ...evexOnly }),
  permw: instruction("vpermw", 2, x66, 1, 0x8d, 0, evexOnly),
  cvtne2ps2bf16: instruction("vcvtne2ps2bf16", 2, xF2, 0, 0x72, 4, evexOnly),
  // Narrower and wider lanes
  packssdw: packed("packssdw", 1, 0x6b),
  packusdw: packed("packusdw", 2, 0x2b),
  packsswb: bytes("packsswb", 1, 0x63),
  packuswb: bytes("packuswb", 1, 0x67),
  pmovsxbw: bytes("pmovsxbw", 2, 0x20, { operands: "vh" }),
  pmovsxwd: bytes("pmovsxwd", 2, 0x23, { operands: "vh" }),
  pmovsxdq: bytes("pmovsxdq", 2, 0x25, { operands: "vh" }),
  pmovzxbw: bytes("pmovzxbw", 2, 0x30, { operands: "vh" }),
  pmovzxwd: bytes("pmovzxwd", 2, 0x33, { operands: "vh" }),
  pmovzxdq: bytes("pmovzxdq", 2, 0x35, { operands: "vh" }),
  pmovqd: instruction("vpmovqd", 2, xF3, 0, 0x35, 0, { operands: "hv", form: "out", memory: -2, ...evexOnly }),
  // Conversions
  cvtdq2ps: instruction("vcvtdq2ps", 1, none, 0, 0x5b, 4, unary),
  cvttps2dq: instruction("vcvttps2dq", 1, xF3, 0, 0x5b, 4, unary),
  cvtudq2ps: instruction("vcvtudq2ps", 1, xF2, 0, 0x7a, 4, { ...unary, ...evexOnly }),
  cvtps2pd: instruction("vcvtps2pd", 1, none, 0, 0x5a, 4, { operands: "vh" }),
  cvtpd2ps: instruction("vcvtpd2ps", 1, x66, 1, 0x5a, 8, { operands: "hv", form: "two", vexW: 0 }),
  cvtdq2pd: instruction("vcvtdq2pd", 1, xF3, 0, 0xe6, 4, { operands: "vh" }),
  cvtudq2pd: instruction("vcvtudq2pd", 1, xF3, 0, 0x7a, 4, { operands: "vh", ...evexOnly }),
  cvttpd2dq: instruction("vcvttpd2dq", 1, x66, 1, 0xe6, 8, { operands: "hv", form: "two", vexW: 0 }),
  cvtss2sd: instruction("vcvtss2sd", 1, xF3, 0, 0x5a, 0, { operands: "xxx", memory: 4, length: 0 }),
  cvtsd2ss: instruction("vcvtsd2ss", 1, xF2, 1, 0x5a, 0, { operands: "xxx", memory: 8, length: 0, vexW: 0 }),
  cvtsi2ss: instruction("vcvtsi2ss", 1, xF3, 0, 0x2a, 0, { operands: "xxd", length: 0 }),
  cvtsi2sd: instruction("vcvtsi2sd", 1, xF2, 0, 0x2a, 0, { operands: "xxd", length: 0 }),
  cvtsi2ss64: instruction("vcvtsi2ss", 1, xF3, 1, 0x2a, 0, { operands: "xxq", length: 0 }),
  cvtsi2sd64: instruction("vcvtsi2sd", 1, xF2, 1, 0x2a, 0, { operands: "xxq", length: 0 }),
  cvttss2si64: instruction("vcvttss2si", 1, xF3, 1, 0x2c, 0, { operands: "qx", form: "two", memory: 4, length: 0 }),
  cvttsd2si64: instruction("vcvttsd2si", 1, xF2, 1, 0x2c, 0, { operands: "qx", form: "two", memory: 8, length: 0 }),
  // Bit fields of general registers (BMI2)
  shlx: instruction("shlx", 2, x66, 0, 0xf7, 0, { operands: "ddd", form: "reversed", ...vexOnly, length: 0 }),
  sarx: instruction("sarx", 2, xF3, 0, 0xf7, 0, { operands: "ddd", form: "reversed", ...vexOnly, length: 0 }),
  shrx: instruction("shrx", 2, xF2, 0, 0xf7, 0, { operands: "ddd", form: "reversed", ...vexOnly, length: 0 }),
  shlx64: instruction("shlx", 2, x66, 1, 0xf7, 0, { operands: "qqq", form: "reversed", ...vexOnly, length: 0 }),
  sarx64: instruction("sarx", 2, xF3, 1, 0xf7, 0, { operands: "qqq", form: "reversed", ...vexOnly, length: 0 }),
  shrx64: instruction("shrx", 2, xF2, 1, 0xf7, 0, { operands: "qqq", form: "reversed", ...vexOnly, length: 0 }),
  bzhi: instruction("bzhi", 2, none, 0, 0xf5, 0, { operands: "ddd", form: "reversed", ...vexOnly, length: 0 }),
};
