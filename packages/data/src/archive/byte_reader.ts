/** Reads pieces of given sizes from a stream of chunks. */
export class ByteReader {
  private readonly chunks: AsyncIterator<Uint8Array>;
  private chunk: Uint8Array = new Uint8Array(0);
  private at: number = 0;
  private taken: number = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.chunks = chunks[Symbol.asyncIterator]();
  }

  /** Bytes read or skipped so far. */
  get position(): number {
    return this.taken;
  }

  /** Fills `target` as far as the stream goes; returns the number of bytes. */
  async read(target: Uint8Array): Promise<number> {
    return await this.take(target.length, (piece, place) => target.set(piece, place));
  }

  /** Skips bytes; returns how many there were. */
  async skip(count: number): Promise<number> {
    return await this.take(count, () => {});
  }

  /** Closes the stream. */
  async close(): Promise<void> {
    await this.chunks.return?.();
  }

  private async take(count: number, use: (piece: Uint8Array, place: number) => void): Promise<number> {
    let done = 0;
    while (done < count) {
      if (this.at === this.chunk.length) {
        const next = await this.chunks.next();
        if (next.done) break;
        this.chunk = next.value;
        this.at = 0;
        continue;
      }
      const piece = this.chunk.subarray(this.at, this.at + count - done);
      use(piece, done);
      this.at += piece.length;
      done += piece.length;
    }
    this.taken += done;
    return done;
  }
}
