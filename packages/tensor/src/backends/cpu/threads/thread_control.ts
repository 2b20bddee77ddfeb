/**
 * The control words, in shared memory, that synchronise the threads of an engine. Each of the first four has its own cache line.
 *
 * - `job` is odd while a job is open, and changes whenever a job opens or closes. Threads that wait for work wait on it.
 * - `next` is the next chunk that no thread has taken.
 * - `active` counts the workers inside a job. This rule keeps a late worker out of the wrong job: a worker first increments
 * `active` and then reads `job` again; the caller first closes `job` and then reads `active`. Atomics are sequentially consistent,
 * so that at least one of the two sees the other, and the fields of a job do not change while a thread reads them.
 * - `sleeping` counts workers that wait or are about to, so that the caller notifies only if a worker sleeps.
 */
export const word = {
  job: 0,
  next: 16,
  active: 32,
  sleeping: 48,
  /** Non-zero while the caller waits for `active` to become 0. */
  waiting: 49,
  /** The number of workers that run. */
  ready: 50,
  /** Non-zero if workers must end. */
  stop: 51,
  /** The number of workers that gave up because their copies of the host functions differ. */
  unfit: 52,
  /** The number of modules that a worker could not compile. */
  refused: 53,
  // The job: the module, the address of its bytes, and its parameters.
  entry: 64,
  code: 65,
  codeLength: 66,
  /** The length of the memory in pages, as the caller sees it. */
  pages: 67,
  params: 68,
  count: 69,
  grain: 70,
  chunks: 71,
  /** Non-zero if a chunk threw in a worker. The error's text follows, one UTF-16 unit per word. */
  failed: 72,
  errorLength: 73,
  error: 74,
} as const;

/** The longest text of an error that a worker passes on. */
export const errorUnits = 400;

/** The size of all control words in bytes. */
export const controlBytes: number = 4 * (word.error + errorUnits);
