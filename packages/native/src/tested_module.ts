/** The code of the self-test. */
import { type CodeModule, ModuleBuilder } from "@heddle/tensor/code";
import { type Code, f32x, get, i32, i32x, memory, op, set, whileLoop, wide } from "@heddle/tensor/code";

/** Where the test of tiles has its factors and its result, behind `params`. */
export const testedTiles = { a: 0, b: 1024, sum: 2048, end: 3072 } as const;

/** Stores the product of two tiles. */
export function testedTilesModule(): CodeModule {
  const module = new ModuleBuilder();
  const f = module.func(["i32", "i32", "i32", "i32"], [], "run", 64);
  const params = get(f.params[0]!);
  f.emit(
    wide("tiles_begin", 0),
    wide("tile_load", testedTiles.a + 1, params),
    wide("tile_load", testedTiles.b + 2, params),
    wide("tile_multiply", 0 + 8 * 1 + 64 * 2),
    wide("tile_store", testedTiles.sum + 0, params),
    wide("tiles_end", 0),
  );
  return module;
}

/** How many floats the test works on: one vector of 64 bytes. */
export const testedCount = 16;

/** Computes a number from each of the floats at `params`, and stores them behind. */
export function testedModule(vectorBytes: number): CodeModule {
  const module = new ModuleBuilder();
  const f = module.func(["i32", "i32", "i32", "i32"], [], "run", vectorBytes);
  const [params, begin, end] = f.params;
  const at = f.local("i32");
  const [x, y] = [f.local("vector"), f.local("vector")];
  const product = (a: Code, b: Code, c: Code): Code => op("f32x.add", op("f32x.mul", a, b), c);
  f.emit(whileLoop(
    op("i32.lt_u", get(begin!), get(end!)),
    set(at, op("i32.add", get(params!), op("i32.shl", get(begin!), i32(2)))),
    set(x, memory("vector.load", 0, get(at))),
    set(y, op("vector.bitselect", op("f32x.floor", get(x)), get(x), op("f32x.lt", get(x), f32x(2)))),
    set(y, op("f32x.max", product(get(x), f32x(0.75), get(y)), op("f32x.neg", get(x)))),
    set(y, op("vector.xor", get(y), op("i32x.shr_u", op("i32x.trunc_sat_f32x_s", get(x)), i32(3)))),
    set(y, op("i32x.add", get(y), op("vector.and", op("f32x.ge", get(x), f32x(0)), i32x(5)))),
    memory("vector.store", 4 * testedCount, get(at), get(y)),
    set(begin!, op("i32.add", get(begin!), i32(vectorBytes / 4))),
  ));
  return module;
}
