/** Takes a stream of chunks apart into pieces of the sizes that are asked for. */
export class ByteReader {
  private readonly chunks: AsyncIterator<Uint8Array>;
  private chunk: Uint8Array = new Uint8Array(0);
  private at: number = 0;
  private taken: number = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.chunks = chunks[Symbol.asyncIterator]();
  }

  /** Bytes that were read or passed over so far. */
  get position(): number {
    return this.taken;
  }

  /** Fills `target` as far as the stream goes; gives the number of bytes. */
  async read(target: Uint8Array): Promise<number> {
    return await this.take(target.length, (piece, place) => target.set(piece, place));
  }

  /** Passes over bytes; gives how many there were. */
  async skip(count: number): Promise<number> {
    return await this.take(count, () => {});
  }

  /** Lets go of the stream. */
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
