/** Batches of an iterable data set, without the first `skip`. */
export function* readStream<S, B>(
  samples: Iterable<S>,
  batchSize: number,
  dropLast: boolean,
  skip: number,
  collate: (samples: S[]) => B,
): IterableIterator<B> {
  if (!(Symbol.iterator in samples)) {
    throw new Error(
      'DataLoader: the data set can only be walked through asynchronously; use "for await (const batch of loader)".',
    );
  }
  let batch: S[] = [];
  let passed = 0;
  for (const sample of samples) {
    batch.push(sample);
    if (batch.length < batchSize) continue;
    if (passed++ >= skip) yield collate(batch);
    batch = [];
  }
  if (batch.length > 0 && !dropLast && passed >= skip) yield collate(batch);
}

/** The same for samples that are promises. */
export async function* readStreamAsync<S, B>(
  samples: AsyncIterable<S> | Iterable<S>,
  batchSize: number,
  dropLast: boolean,
  skip: number,
  collate: (samples: Awaited<S>[]) => B,
): AsyncIterableIterator<B> {
  let batch: Awaited<S>[] = [];
  let passed = 0;
  for await (const sample of samples) {
    batch.push(sample);
    if (batch.length < batchSize) continue;
    if (passed++ >= skip) yield collate(batch);
    batch = [];
  }
  if (batch.length > 0 && !dropLast && passed >= skip) yield collate(batch);
}
