/** An interrupted training, whose run ends. */
export class Interrupted extends Error {
  override name = "Interrupted";

  constructor() {
    super("interrupted; --resume goes on");
  }
}
