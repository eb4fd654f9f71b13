/** The tap's stream: read while somebody looks, ended when the tab is hidden or left, begun again when it breaks. */

import { ApiError, withParams } from "../../api/client";
import { type Kept, keep, LineCutter, NOTHING_KEPT } from "./tap-lines";

/** Requests that are kept; older ones go. */
export const KEPT_MAX = 500;
/** How often what came is shown, in milliseconds: more often nobody can read it. */
const SHOW_EVERY_MS = 250;
/** Waiting after a stream that broke, in milliseconds. */
const AGAIN_FIRST_MS = 1000;
const AGAIN_MAX_MS = 30_000;

/** How the stream is. */
export type TapState =
  | { kind: "connecting" }
  | { kind: "streaming" }
  /** It is begun again by itself. */
  | { kind: "broken"; error: Error }
  /** Nobody looks. */
  | { kind: "stopped" };

/** What is told to whoever shows a tap. */
export interface TapShown {
  kept: Kept;
  state: TapState;
}

/** Where lines come from; tests have one of their own. */
export interface TapSource {
  open(parameters: URLSearchParams, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
  after(milliseconds: number, run: () => void): () => void;
}

/** The server's tap. */
export const SERVER: TapSource = {
  async open(parameters, signal) {
    let response: Response;
    try {
      response = await fetch(withParams("/api/v1/gateway/tap", parameters), { signal, cache: "no-store" });
    } catch (error) {
      if (signal.aborted) throw error;
      throw new ApiError(0, "the server cannot be reached");
    }
    if (!response.ok || response.body === null) throw await refused(response);
    return response.body;
  },
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
};

async function refused(response: Response): Promise<ApiError> {
  const text = await response.text();
  let message = `the server answered with status ${response.status}`;
  try {
    const body = JSON.parse(text) as { error?: unknown };
    if (typeof body.error === "string") message = body.error;
  } catch {
    // A proxy may answer with a page of its own; its status says enough.
  }
  return new ApiError(response.status, message);
}

/** Reads a tap from `start` to `stop`. Holds at most [`KEPT_MAX`] requests and as many lines that wait to be shown. */
export class TapReader {
  private shown: TapShown = { kept: NOTHING_KEPT, state: { kind: "stopped" } };
  private waiting: string[] = [];
  private stopping: AbortController | null = null;
  private stopShowing: (() => void) | null = null;
  private stopWaiting: (() => void) | null = null;
  private delay = AGAIN_FIRST_MS;
  private parameters = new URLSearchParams();

  constructor(
    private readonly show: (shown: TapShown) => void,
    private readonly source: TapSource = SERVER,
  ) {}

  /** Begins to read. What was kept stays: a tab that is looked at again shows what it had. */
  start(parameters: URLSearchParams): void {
    this.stop();
    this.parameters = parameters;
    this.delay = AGAIN_FIRST_MS;
    this.connect();
  }

  /** Ends the stream; nothing runs on. */
  stop(): void {
    this.stopping?.abort();
    this.stopping = null;
    this.stopWaiting?.();
    this.stopWaiting = null;
    this.flush();
    this.tell({ kind: "stopped" });
  }

  /** Forgets what was kept. */
  clear(): void {
    this.waiting = [];
    this.shown = { ...this.shown, kept: NOTHING_KEPT };
    this.show(this.shown);
  }

  private connect(): void {
    const stopping = new AbortController();
    this.stopping = stopping;
    this.tell({ kind: "connecting" });
    this.read(stopping.signal).then(
      () => this.broke(stopping, new ApiError(0, "the server ended the stream")),
      (error: unknown) => this.broke(stopping, error instanceof Error ? error : new Error(String(error))),
    );
  }

  private async read(signal: AbortSignal): Promise<void> {
    const stream = await this.source.open(this.parameters, signal);
    const reader = stream.getReader();
    // An aborted fetch ends its stream; one of another source is told.
    signal.addEventListener("abort", () => void reader.cancel().catch(() => undefined), { once: true });
    const cutter = new LineCutter();
    if (!signal.aborted) this.tell({ kind: "streaming" });
    while (!signal.aborted) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) return;
      this.delay = AGAIN_FIRST_MS;
      this.take(cutter.push(value));
    }
  }

  private broke(stopping: AbortController, error: Error): void {
    if (this.stopping !== stopping) return;
    this.stopping = null;
    this.flush();
    this.tell({ kind: "broken", error });
    this.stopWaiting = this.source.after(this.delay, () => this.connect());
    this.delay = Math.min(AGAIN_MAX_MS, this.delay * 2);
  }

  private take(lines: string[]): void {
    if (lines.length === 0) return;
    this.waiting.push(...lines);
    // Lines that would be dropped when they are shown are counted now: a burst must not fill the memory.
    if (this.waiting.length > 2 * KEPT_MAX) this.flush();
    this.stopShowing ??= this.source.after(SHOW_EVERY_MS, () => this.flush());
  }

  private flush(): void {
    this.stopShowing?.();
    this.stopShowing = null;
    if (this.waiting.length === 0) return;
    const kept = keep(this.shown.kept, this.waiting, KEPT_MAX);
    this.waiting = [];
    this.shown = { ...this.shown, kept };
    this.show(this.shown);
  }

  private tell(state: TapState): void {
    this.shown = { ...this.shown, state };
    this.show(this.shown);
  }
}
