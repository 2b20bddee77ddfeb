/**
 * The words of shared memory over which the threads of an engine agree. Each of the first four has a cache line of its own.
 *
 * - `job` is odd while a job is open, and changes at every opening and closing. Whoever waits for work waits on it.
 * - `next` is the next chunk that nobody has taken.
 * - `active` counts the workers inside a job. The rule that keeps a late worker out of the wrong job: a worker counts itself first
 *   and looks at `job` again after, the caller closes `job` first and looks at `active` after. Atomics are sequentially consistent,
 *   so at least one of the two sees the other, and the fields of a job do not change while somebody reads them.
 * - `sleeping` counts workers that wait or are about to, so that nobody is woken who is awake.
 */
export const word = {
  job: 0,
  next: 16,
  active: 32,
  sleeping: 48,
  /** Not 0 while the caller waits for `active` to become 0. */
  waiting: 49,
  /** Workers that are up. */
  ready: 50,
  /** Not 0 when workers shall end. */
  stop: 51,
  /** Workers that gave up: their copies of the host functions differ. */
  unfit: 52,
  /** Modules that a worker could not compile. */
  refused: 53,
  // The job: which module, where its bytes are, what to run it on.
  entry: 64,
  code: 65,
  codeLength: 66,
  /** Length of the memory in pages, as the caller sees it. */
  pages: 67,
  params: 68,
  count: 69,
  grain: 70,
  chunks: 71,
  /** Not 0 when a chunk threw in a worker; then what it said, a UTF-16 unit a word. */
  failed: 72,
  errorLength: 73,
  error: 74,
} as const;

/** Longest text of an error that is handed over. */
export const errorUnits = 400;

/** Size of all words in bytes. */
export const controlBytes: number = 4 * (word.error + errorUnits);
