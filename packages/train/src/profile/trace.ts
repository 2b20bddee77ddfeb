/** Traces in the format of Chrome's trace viewer, which Perfetto opens too. */

/** A dispatch as it was seen. */
export interface Dispatch {
  readonly operation: string;
  readonly device: string;
  readonly shapes: string;
  readonly bytes: number;
  /** Milliseconds since the profile began. */
  readonly start: number;
  /** Milliseconds that the host spent on it. */
  readonly host: number;
  /** Milliseconds that the device spent on it; null if that is not known, or the same. */
  readonly gpu: number | null;
}

/** The trace as JSON: a track of what the host does, and one of each device with a clock of its own. */
export function traceOf(dispatches: readonly Dispatch[], milliseconds: number): string {
  const events: object[] = [
    { name: "process_name", ph: "M", pid: 1, args: { name: "Heddle" } },
    { name: "thread_name", ph: "M", pid: 1, tid: 1, args: { name: "host" } },
    { name: "profile", cat: "profile", ph: "X", pid: 1, tid: 1, ts: 0, dur: 1000 * milliseconds },
  ];
  const tracks: Map<string, { tid: number; end: number }> = new Map();
  for (const { operation, device, shapes, bytes, start, host, gpu } of dispatches) {
    const args = { device, shapes, bytes };
    events.push({ name: operation, cat: device, ph: "X", pid: 1, tid: 1, ts: 1000 * start, dur: 1000 * host, args });
    if (gpu === null) continue;
    let track = tracks.get(device);
    if (track === undefined) {
      tracks.set(device, track = { tid: 2 + tracks.size, end: 0 });
      events.push({ name: "thread_name", ph: "M", pid: 1, tid: track.tid, args: { name: device } });
    }
    // The device's clock is another: operations follow each other, none before the host asked for it.
    const from = Math.max(track.end, start);
    track.end = from + gpu;
    events.push({
      name: operation,
      cat: device,
      ph: "X",
      pid: 1,
      tid: track.tid,
      ts: 1000 * from,
      dur: 1000 * gpu,
      args,
    });
  }
  return JSON.stringify({ traceEvents: events, displayTimeUnit: "ms" });
}
