import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { liveSetting } from "../time/live";
import { nextDelay } from "./backoff";
import { liveCounts, liveState, pulseOf, startLive, type Topic, useTick } from "./live";

class FakeSource extends EventTarget {
  static all: FakeSource[] = [];
  isClosed = false;
  constructor(readonly url: string) {
    super();
    FakeSource.all.push(this);
  }
  close() {
    this.isClosed = true;
  }
  pulse(revisions: Partial<Record<Topic, number>>, counts = {}) {
    this.dispatchEvent(new MessageEvent("pulse", { data: JSON.stringify({ at: "", revisions, counts }) }));
  }
}

const open = () => FakeSource.all.filter((source) => !source.isClosed);
let stop = () => {};
let visibility = "visible";

beforeEach(() => {
  vi.useFakeTimers();
  FakeSource.all = [];
  vi.stubGlobal("EventSource", FakeSource);
  visibility = "visible";
  vi.spyOn(document, "visibilityState", "get").mockImplementation(() => visibility as DocumentVisibilityState);
  liveSetting.set("on");
  stop = startLive();
});

afterEach(() => {
  stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function show(state: "visible" | "hidden") {
  visibility = state;
  document.dispatchEvent(new Event("visibilitychange"));
}

describe("the stream", () => {
  it("is one, and closed while nobody looks or wants it", () => {
    expect(open()).toHaveLength(1);
    show("hidden");
    expect(open()).toHaveLength(0);
    expect(liveState.get()).toBe("off");
    show("visible");
    expect(open()).toHaveLength(1);
    liveSetting.set("off");
    expect(open()).toHaveLength(0);
  });

  it("waits longer after each failure, and not at all after a success", () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    for (const delay of [1000, 2000, 4000]) {
      open()[0]?.dispatchEvent(new Event("error"));
      expect([open().length, liveState.get()]).toEqual([0, "waiting"]);
      vi.advanceTimersByTime(delay - 1);
      expect(open()).toHaveLength(0);
      vi.advanceTimersByTime(1);
      expect(open()).toHaveLength(1);
    }
    open()[0]?.pulse({});
    open()[0]?.dispatchEvent(new Event("error"));
    vi.advanceTimersByTime(1000);
    expect(open()).toHaveLength(1);
  });

  it("does not come back in a tab that was hidden meanwhile", () => {
    open()[0]?.dispatchEvent(new Event("error"));
    show("hidden");
    vi.advanceTimersByTime(600_000);
    expect(open()).toHaveLength(0);
  });

  it("is opened anew when a server says nothing any more", () => {
    const [first] = open();
    first?.dispatchEvent(new Event("open"));
    vi.advanceTimersByTime(45_000);
    expect([first?.isClosed, liveState.get()]).toEqual([true, "waiting"]);
  });

  it("brings counts", () => {
    open()[0]?.pulse({}, { firing: 3 });
    expect(liveCounts.get().firing).toBe(3);
  });
});

describe("useTick", () => {
  it("rises when one of its topics changed", async () => {
    const root = document.createElement("div");
    function Probe() {
      return <p>{useTick(["alerts", "silences"])}</p>;
    }
    await act(() => render(<Probe />, root));
    const pulse = (revisions: Partial<Record<Topic, number>>) => act(() => open()[0]?.pulse(revisions));
    await pulse({ alerts: 7, gateway: 1 });
    const before = Number(root.textContent);
    await pulse({ alerts: 7, gateway: 2 });
    expect(Number(root.textContent)).toBe(before);
    await pulse({ alerts: 8, gateway: 2 });
    expect(Number(root.textContent)).toBe(before + 1);
    await act(() => show("hidden"));
    await act(() => show("visible"));
    await pulse({ alerts: 9, gateway: 2 });
    expect(Number(root.textContent)).toBe(before + 2);
    render(null, root);
  });
});

describe("nextDelay", () => {
  it("doubles to a minute, of which chance takes up to a half", () => {
    expect([1, 2, 3, 7, 1000].map((failures) => nextDelay(failures, 0))).toEqual([1000, 2000, 4000, 60_000, 60_000]);
    expect(nextDelay(1, 1)).toBe(500);
  });
});

describe("pulseOf", () => {
  it("refuses what is none", () => {
    for (const text of ["", "null", "1", "{}", "{", '"x"']) expect(pulseOf(text)).toBeNull();
    expect(pulseOf('{"revisions":{"alerts":1}}')).toEqual({ at: "", revisions: { alerts: 1 }, counts: {} });
  });
});
