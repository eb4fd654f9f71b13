import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Loaded, onlyRose, useLoad } from "./load";

interface Attempt {
  signal: AbortSignal;
  deps: readonly unknown[];
  resolve: (value: string) => void;
  reject: (error: Error) => void;
}

let root: HTMLElement;
let attempts: Attempt[];
let state: Loaded<string>;

function Probe({ deps }: { deps: readonly unknown[] }) {
  state = useLoad(
    (signal) => new Promise<string>((resolve, reject) => attempts.push({ signal, deps, resolve, reject })),
    deps,
  );
  return null;
}

const draw = (...deps: unknown[]) => act(() => render(<Probe deps={deps} />, root));

/** Does something and lets what was promised settle. */
const settle = (what: () => void) =>
  act(async () => {
    what();
    for (let turn = 0; turn < 6; turn += 1) await Promise.resolve();
  });

beforeEach(() => {
  root = document.createElement("div");
  attempts = [];
});

afterEach(() => render(null, root));

describe("useLoad", () => {
  it("keeps old data while it loads anew, and when that fails", async () => {
    await draw("a");
    expect([state.isLoading, state.data]).toEqual([true, undefined]);
    await settle(() => attempts[0]?.resolve("one"));
    expect([state.isLoading, state.data]).toEqual([false, "one"]);
    await settle(() => state.again());
    expect([state.isLoading, state.data]).toEqual([true, "one"]);
    await settle(() => attempts[1]?.reject(new Error("busy")));
    expect([state.isLoading, state.data, state.error?.message]).toEqual([false, "one", "busy"]);
    await settle(() => state.again());
    await settle(() => attempts[2]?.resolve("two"));
    expect([state.data, state.error]).toEqual(["two", undefined]);
  });

  it("aborts what the reader no longer asks for, and never shows its answer", async () => {
    await draw("a");
    await draw("b");
    expect([attempts[0]?.signal.aborted, attempts.length]).toEqual([true, 2]);
    await settle(() => attempts[1]?.resolve("of b"));
    await settle(() => attempts[0]?.resolve("of a"));
    expect(state.data).toBe("of b");
  });

  it("lets a slow attempt finish when only ticks rise, and then makes one more", async () => {
    await draw("a", 1);
    await draw("a", 2);
    await draw("a", 3);
    expect([attempts.length, attempts[0]?.signal.aborted]).toEqual([1, false]);
    await settle(() => attempts[0]?.resolve("first"));
    expect([state.data, state.isLoading, attempts.length, attempts[1]?.deps]).toEqual(["first", true, 2, ["a", 3]]);
    await settle(() => attempts[1]?.resolve("second"));
    expect([state.data, state.isLoading, attempts.length]).toEqual(["second", false, 2]);
  });

  it("does not load twice at once when asked again", async () => {
    await draw("a");
    await settle(() => {
      state.again();
      state.again();
    });
    expect(attempts).toHaveLength(1);
    await settle(() => attempts[0]?.resolve("x"));
    expect(attempts).toHaveLength(2);
  });

  it("aborts when the component goes", async () => {
    await draw("a");
    await act(() => render(null, root));
    expect(attempts[0]?.signal.aborted).toBe(true);
  });
});

describe("onlyRose", () => {
  it("is about numbers alone", () => {
    expect(onlyRose(["a", 1, 5], ["a", 2, 5])).toBe(true);
    expect(onlyRose(["a", 2], ["a", 1])).toBe(false);
    expect(onlyRose(["a", 1], ["b", 2])).toBe(false);
    expect(onlyRose([], ["a"])).toBe(false);
  });
});
