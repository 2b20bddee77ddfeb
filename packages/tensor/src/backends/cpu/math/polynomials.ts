/** Made by tools/minimax.ts, which says how; not to be edited. Errors are largest ones, before rounding in the evaluation. */

/** e^r − 1 − r in powers of r from 2, |r| ≤ ln 2, relative to e^r; error 1.5e-8. */
export const expTail: readonly number[] = [
  0.5000003576278687,
  0.1666661649942398,
  0.04166116565465927,
  0.008335919119417667,
  0.0014106212183833122,
  0.00019640434766188264,
];

/** e^r − 1 − r in powers of r from 2, |r| ≤ ln(2)/2, relative to e^r − 1; error 5.2e-10. */
export const expm1Tail: readonly number[] = [
  0.5,
  0.1666666716337204,
  0.04166645184159279,
  0.00833308044821024,
  0.0013936515897512436,
  0.00020072839106433094,
];

/** log(1 + f) − f + f²/2 in powers of f from 3, √½ ≤ 1 + f ≤ √2, relative to log(1 + f); error 5.9e-9. */
export const logTail: readonly number[] = [
  0.3333333134651184,
  -0.250008225440979,
  0.20001260936260223,
  -0.1662333458662033,
  0.14200948178768158,
  -0.13159489631652832,
  0.1276688277721405,
  -0.07643052935600281,
];

/** sin(r) − r in odd powers of r from 3, |r| ≤ π/4, relative to sin(r); error 4.2e-9. */
export const sinTail: readonly number[] = [
  -0.16666653752326965,
  0.008332106284797192,
  -0.00019507882825564593,
];

/** cos(r) − 1 + r²/2 in even powers of r from 4, |r| ≤ π/4; error 1.1e-10. */
export const cosTail: readonly number[] = [
  0.04166664555668831,
  -0.00138873013202101,
  0.000024430670237052254,
];

/** tan(r) − r in odd powers of r from 3, |r| ≤ π/4, relative to tan(r); error 1.5e-9. */
export const tanTail: readonly number[] = [
  0.3333335220813751,
  0.1333257108926773,
  0.05407097935676575,
  0.021222606301307678,
  0.010995552875101566,
  -0.00011876959615619853,
  0.004481558222323656,
];

/** erf(x) − x in odd powers of x, |x| ≤ 1, relative to erf(x); error 4.1e-8. */
export const erfNear: readonly number[] = [
  0.12837912142276764,
  -0.37612318992614746,
  0.11280113458633423,
  -0.026709217578172684,
  0.00491491612046957,
  -0.0005619973526336253,
];

/** −log(1 − erf(x)) in powers of x from 0, 1 ≤ x ≤ 4, weighted by 1 − erf(x); error 1.0e-9. */
export const erfFar: readonly number[] = [
  0.00035372012644074857,
  1.1270400285720825,
  0.6382256746292114,
  0.10303740948438644,
  -0.021805372089147568,
  0.0029396344907581806,
  -0.00018557885778136551,
];

/** e^(a²)·erfc(a)·(1 + 2a) in powers of q = (a − 2)/(a + 2) from 0, 0 ≤ a ≤ 10.5, relative; error 2.7e-8. */
export const erfcScaled: readonly number[] = [
  1.2769783735275269,
  -0.09276416897773743,
  -0.16603004932403564,
  0.16405820846557617,
  -0.054216932505369186,
  -0.008074582554399967,
  0.008667715825140476,
  0.0013476989697664976,
  -0.0012621196219697595,
  -0.00043018406722694635,
];

/** atan(x) − x in odd powers of x from 3, |x| ≤ 1, relative to atan(x); error 2.7e-9. */
export const atanTail: readonly number[] = [
  -0.33333298563957214,
  0.1999852955341339,
  -0.1426401436328888,
  0.10950861126184464,
  -0.08399207890033722,
  0.05787887051701546,
  -0.0310935340821743,
  0.010866271331906319,
  -0.0017821441870182753,
];

/** asin(x) − x in odd powers of x from 3, |x| ≤ ½, relative to asin(x); error 4.9e-9. */
export const asinTail: readonly number[] = [
  0.16666752099990845,
  0.074953094124794,
  0.04546915367245674,
  0.02418474107980728,
  0.042158398777246475,
];

/** log2((1 + s)/(1 − s)) in odd powers of s, √½ ≤ (1 + s)/(1 − s) ≤ √2, relative; error 1.2e-11. */
export const wideLog2: readonly number[] = [
  2.8853900817900797,
  0.9617966733503927,
  0.5770835832164546,
  0.41167282957150014,
  0.340727965799885,
];

/** 2^r in powers of r from 0, |r| ≤ ½, relative; error 1.9e-9. */
export const wideExp2: readonly number[] = [
  1.0000000005630498,
  0.6931472060373334,
  0.2402264684488574,
  0.05550328123602554,
  0.009618491838082166,
  0.0013400195539650809,
  0.00015345581373315688,
];
