/** The result of training: the tokens in order of their ids, and the joined pairs in order. */
export interface BytePairs {
  readonly tokens: string[];
  readonly merges: [string, string][];
}

/** Options of {@link trainBytePairs}. */
export interface BytePairTraining {
  /** The final number of tokens. */
  readonly size: number;
  /** How often a pair must occur to be joined. */
  readonly minCount: number;
  /** Tokens that come first and that no merge may produce. */
  readonly reserved: readonly string[];
  /** The smallest pieces. */
  readonly alphabet: readonly string[];
}

// A pair of token numbers as one: exact below 2^53, and rising with the first number, then with the second.
const PAIR = 2 ** 24;

/** A word of the text in its current pieces, and how often it occurs. */
interface Word {
  pieces: number[];
  readonly count: number;
}

/**
 * Joins the most frequent pair of neighbouring pieces until there are enough tokens (Sennrich et al. 2016). Of equally
 * frequent pairs the one with the lower ids comes first, as in Hugging Face's trainer, so that both learn the same.
 *
 * Only words that have the pair are touched when it is joined, and the most frequent pair comes from a heap, where
 * outdated counts are corrected when they reach the top.
 *
 * @param words how often each word occurs; its characters are the pieces that training begins with
 */
export function trainBytePairs(words: ReadonlyMap<string, number>, options: BytePairTraining): BytePairs {
  const { size, minCount, reserved, alphabet } = options;
  const tokens = [...reserved, ...alphabet];
  const idOf = new Map(tokens.map((token, id) => [token, id]));
  const all: Word[] = Array.from(words, ([word, count]) => ({
    pieces: Array.from(word, (piece) => idOf.get(piece)!),
    count,
  }));
  const counts = new Map<number, number>();
  const places = new Map<number, Set<Word>>();
  const touched = new Set<number>();
  const tell = (word: Word, sign: 1 | -1): void => {
    for (let i = 0; i + 1 < word.pieces.length; i++) {
      const pair = word.pieces[i]! * PAIR + word.pieces[i + 1]!;
      counts.set(pair, (counts.get(pair) ?? 0) + sign * word.count);
      if (sign < 0) continue;
      const known = places.get(pair);
      if (known === undefined) places.set(pair, new Set([word]));
      else known.add(word);
      touched.add(pair);
    }
  };
  for (const word of all) tell(word, 1);
  const queue = new PairQueue();
  const push = (): void => {
    for (const pair of touched) queue.push({ pair, count: counts.get(pair)! });
    touched.clear();
  };
  push();

  const merges: [string, string][] = [];
  while (tokens.length < size) {
    const top = queue.pop();
    if (top === undefined || top.count < minCount) break;
    const count = counts.get(top.pair) ?? 0;
    if (count !== top.count) {
      // Its count is outdated. Pairs whose count rose are in the queue again anyway.
      if (count < top.count && count > 0) queue.push({ pair: top.pair, count });
      continue;
    }
    const [first, second] = [Math.floor(top.pair / PAIR), top.pair % PAIR];
    const [left, right] = [tokens[first]!, tokens[second]!];
    const joined = left + right;
    if (reserved.includes(joined)) {
      counts.delete(top.pair);
      continue;
    }
    // Two pairs may give the same token: "a" + "bc" and "ab" + "c".
    const id = idOf.get(joined) ?? tokens.push(joined) - 1;
    idOf.set(joined, id);
    merges.push([left, right]);
    const having = places.get(top.pair)!;
    places.delete(top.pair);
    for (const word of having) {
      tell(word, -1);
      word.pieces = join(word.pieces, first, second, id);
      tell(word, 1);
    }
    counts.delete(top.pair);
    touched.delete(top.pair);
    push();
  }
  return { tokens, merges };
}

function join(pieces: readonly number[], first: number, second: number, id: number): number[] {
  const joined: number[] = [];
  for (let i = 0; i < pieces.length; i++) {
    if (pieces[i] === first && pieces[i + 1] === second) {
      joined.push(id);
      i++;
    } else {
      joined.push(pieces[i]!);
    }
  }
  return joined;
}

interface Entry {
  readonly pair: number;
  readonly count: number;
}

/** A binary heap, the highest count first, of those the lowest pair. */
class PairQueue {
  private readonly entries: Entry[] = [];

  push(entry: Entry): void {
    const { entries } = this;
    let at = entries.push(entry) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!before(entry, entries[above]!)) break;
      entries[at] = entries[above]!;
      at = above;
    }
    entries[at] = entry;
  }

  pop(): Entry | undefined {
    const { entries } = this;
    const top = entries[0];
    const last = entries.pop();
    if (last === undefined || entries.length === 0) return top;
    let at = 0;
    for (let below = 1; below < entries.length; below = 2 * at + 1) {
      if (below + 1 < entries.length && before(entries[below + 1]!, entries[below]!)) below++;
      if (!before(entries[below]!, last)) break;
      entries[at] = entries[below]!;
      at = below;
    }
    entries[at] = last;
    return top;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.count > b.count || (a.count === b.count && a.pair < b.pair);
}
