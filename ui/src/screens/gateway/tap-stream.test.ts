import { describe, expect, test } from "vitest";
import { KEPT_MAX, TapReader, type TapShown, type TapSource } from "./tap-stream";

const request = (path: string) => `${JSON.stringify({ time: "2026-11-22T08:00:00.000Z", status: 200, path })}\n`;
/** Lets promises that are due come. */
async function settled() {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

/** A server whose streams and timers the test moves. */
class Bench implements TapSource {
  asked: { parameters: string; signal: AbortSignal; stream: ReadableStreamDefaultController<Uint8Array> }[] = [];
  refuse: Error | null = null;
  timers: { milliseconds: number; run: () => void }[] = [];
  shown: TapShown[] = [];
  readonly reader = new TapReader((shown) => this.shown.push(shown), this);

  async open(parameters: URLSearchParams, signal: AbortSignal) {
    if (this.refuse) throw this.refuse;
    return new ReadableStream<Uint8Array>({
      start: (stream) => {
        this.asked.push({ parameters: parameters.toString(), signal, stream });
      },
    });
  }

  after(milliseconds: number, run: () => void) {
    const timer = { milliseconds, run };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((one) => one !== timer);
    };
  }

  /** Lets all timers that wait now come. */
  elapse() {
    const due = this.timers;
    this.timers = [];
    for (const timer of due) timer.run();
  }

  async send(text: string) {
    this.asked.at(-1)?.stream.enqueue(new TextEncoder().encode(text));
    await settled();
  }

  get now() {
    const last = this.shown.at(-1);
    if (!last) throw new Error("nothing was shown");
    return last;
  }
}

async function started(parameters = "") {
  const bench = new Bench();
  bench.reader.start(new URLSearchParams(parameters));
  await settled();
  return bench;
}

describe("a tap", () => {
  test("asks with its filter, and shows what came together", async () => {
    const bench = await started("route=shop&class=5xx");
    expect(bench.asked[0]?.parameters).toBe("route=shop&class=5xx");
    expect(bench.now.state.kind).toBe("streaming");
    await bench.send(request("/1"));
    await bench.send(request("/2"));
    expect(bench.now.kept.requests).toEqual([]);
    bench.elapse();
    expect(bench.now.kept.requests.map((one) => one.path)).toEqual(["/2", "/1"]);
  });

  test("leaves nothing behind when it is stopped, and goes on with what it had", async () => {
    const bench = await started();
    await bench.send(request("/1"));
    bench.reader.stop();
    expect(bench.asked[0]?.signal.aborted).toBe(true);
    expect(bench.timers).toEqual([]);
    expect(bench.now).toMatchObject({ state: { kind: "stopped" }, kept: { seen: 1 } });
    await settled();
    expect(bench.now.state.kind).toBe("stopped");

    bench.reader.start(new URLSearchParams());
    await settled();
    await bench.send(request("/2"));
    bench.elapse();
    expect(bench.now.kept.requests.map((one) => one.path)).toEqual(["/2", "/1"]);
  });

  test("is begun again when it breaks, at growing intervals", async () => {
    const bench = await started();
    bench.refuse = new Error("16 are watching already");
    bench.asked[0]?.stream.close();
    await settled();
    expect(bench.now.state.kind).toBe("broken");
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      waits.push(bench.timers[0]?.milliseconds ?? Number.NaN);
      bench.elapse();
      await settled();
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    expect(bench.now.state).toEqual({ kind: "broken", error: bench.refuse });
    bench.refuse = null;
    bench.elapse();
    await settled();
    expect(bench.now.state.kind).toBe("streaming");
  });

  test("keeps no more than it may, however fast requests come and however seldom they are shown", async () => {
    const bench = await started();
    for (let chunk = 0; chunk < 20; chunk += 1) {
      await bench.send(Array.from({ length: 300 }, (_, index) => request(`/${chunk}/${index}`)).join(""));
    }
    bench.elapse();
    expect(bench.now.kept.requests).toHaveLength(KEPT_MAX);
    expect(bench.now.kept.seen).toBe(6000);
    expect(bench.now.kept.requests[0]?.path).toBe("/19/299");
  });

  test("another filter begins another stream and ends the one before", async () => {
    const bench = await started("route=a");
    bench.reader.start(new URLSearchParams("route=b"));
    await settled();
    expect(bench.asked.map((one) => one.signal.aborted)).toEqual([true, false]);
    expect(bench.now.state.kind).toBe("streaming");
  });

  test("forgets what it is told to forget", async () => {
    const bench = await started();
    await bench.send(request("/1"));
    bench.elapse();
    bench.reader.clear();
    expect(bench.now.kept).toMatchObject({ requests: [], seen: 0 });
  });
});
