import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type KeyMap, type KeyOptions, keyHelp, useKeys } from "./keys";

let root: HTMLElement;
let pressed: string[];

beforeEach(() => {
  root = document.createElement("div");
  document.body.append(root);
  pressed = [];
});

afterEach(() => {
  render(null, root);
  root.remove();
});

const noting = (...names: string[]): KeyMap =>
  Object.fromEntries(names.map((name) => [name, () => void pressed.push(name)]));

function Layer({ keys, options }: { keys: KeyMap; options?: KeyOptions }) {
  useKeys(keys, options);
  return null;
}

function press(key: string, init: KeyboardEventInit = {}, target: EventTarget = document.body) {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, composed: true, ...init });
  target.dispatchEvent(event);
  return event;
}

describe("useKeys", () => {
  it("takes single keys, sequences and chords", async () => {
    await act(() => render(<Layer keys={noting("j", "g s", "ctrl+k", "?")} />, root));
    expect(press("j").defaultPrevented).toBe(true);
    press("g");
    press("s");
    press("s");
    press("k", { ctrlKey: true });
    press("K", { metaKey: true });
    press("?", { shiftKey: true });
    expect(pressed).toEqual(["j", "g s", "ctrl+k", "ctrl+k", "?"]);
    expect(press("x").defaultPrevented).toBe(false);
  });

  it("leaves keys alone while somebody types", async () => {
    await act(() => render(<Layer keys={noting("j", "Escape")} />, root));
    const input = document.createElement("input");
    root.append(input);
    press("j", {}, input);
    expect(pressed).toEqual([]);
  });

  it("knows an editor in a shadow root", async () => {
    await act(() => render(<Layer keys={noting("j")} />, root));
    const host = document.createElement("div");
    root.append(host);
    const area = document.createElement("textarea");
    host.attachShadow({ mode: "open" }).append(area);
    press("j", {}, area);
    expect(pressed).toEqual([]);
  });

  it("asks what came last first, and nothing below a dialog", async () => {
    const below = noting("j");
    const above: KeyMap = { j: () => void pressed.push("above") };
    await act(() =>
      render(
        <>
          <Layer keys={below} />
          <Layer keys={above} />
        </>,
        root,
      ),
    );
    press("j");
    await act(() =>
      render(
        <>
          <Layer keys={below} />
          <Layer keys={{}} options={{ exclusive: true }} />
        </>,
        root,
      ),
    );
    press("j");
    expect(pressed).toEqual(["above"]);
  });

  it("leaves nothing behind", async () => {
    await act(() => render(<Layer keys={noting("j")} options={{ help: { j: "next" } }} />, root));
    expect(keyHelp()).toEqual([["j", "next"]]);
    await act(() => render(null, root));
    press("j");
    expect([pressed, keyHelp()]).toEqual([[], []]);
  });
});
