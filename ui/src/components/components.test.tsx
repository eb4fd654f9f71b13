import { type ComponentChild, render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../api/error";
import { BudgetBar, budgetKind } from "./budget-bar";
import { Dialog } from "./dialog";
import { ErrorNote } from "./error-note";
import { commandOf, exploreUrl, shellWord } from "./evidence";
import { Field } from "./field";
import { Input } from "./input";
import { Labels } from "./labels";
import { Panel } from "./panel";
import { Tabs } from "./tabs";
import { Tile } from "./tile";
import { notify, Toasts } from "./toast";

let root: HTMLElement;
const draw = (what: ComponentChild) => act(() => render(what, root));

beforeEach(() => {
  root = document.createElement("div");
  document.body.append(root);
});

afterEach(() => {
  render(null, root);
  root.remove();
});

describe("unknown", () => {
  it("is told, never shown as 0 or fine", async () => {
    await draw(
      <>
        <Tile label="p99" value={null} unit="s" />
        <BudgetBar remaining={null} target="99.9" />
      </>,
    );
    expect(root.textContent).toBe("p99no datano data");
    expect(budgetKind(null)).toBe("unknown");
    expect(root.querySelector(".budget-bar-fill")).toBeNull();
  });
});

describe("BudgetBar", () => {
  it("changes its kind at the load line", () => {
    expect([1, 0.51, 0.5, 0.11, 0.1, 0, -2].map(budgetKind)).toEqual([
      "ok",
      "ok",
      "warning",
      "warning",
      "critical",
      "critical",
      "critical",
    ]);
  });

  it("draws an overdrawn budget as empty and says by how much", async () => {
    await draw(<BudgetBar remaining={-0.46} />);
    expect(root.querySelector(".budget-bar-fill")?.getAttribute("width")).toBe("0");
    expect(root.textContent).toBe("-46.0 %");
  });
});

describe("hostile text", () => {
  it("is only ever text", async () => {
    const evil = '"><img src=x onerror=alert(1)><script>alert(2)</script>';
    await draw(
      <>
        <Labels of={{ [evil]: evil }} />
        <ErrorNote error={new ApiError(400, evil, { caret: evil, hint: evil })} />
        <Tile label={evil} value={evil} />
      </>,
    );
    expect(root.querySelector("img, script")).toBeNull();
    expect(root.textContent).toContain(evil);
  });
});

describe("Panel", () => {
  it("shows its own error and keeps old data beside it", async () => {
    const again = vi.fn();
    await draw(
      <Panel title="Rate" state={{ data: 5, error: new Error("busy"), isLoading: false, again }}>
        {(data) => <p>{data}</p>}
      </Panel>,
    );
    expect(root.querySelector("[role=alert]")?.textContent).toContain("Busy");
    expect(root.querySelector("p:last-child")?.textContent).toBe("5");
    await act(() => [...root.querySelectorAll("button")].find((button) => button.textContent === "Retry")?.click());
    expect(again).toHaveBeenCalledOnce();
  });

  it("holds its place while it loads first", async () => {
    await draw(<Panel title="Rate" state={{ isLoading: true, again: () => {} }} />);
    expect(root.querySelector("[role=status]")).not.toBeNull();
  });
});

describe("Field", () => {
  it("names its control and tells what is wrong with it", async () => {
    await draw(
      <Field label="Comment" hint="why" error="is empty">
        <Input value="" onInput={() => {}} />
      </Field>,
    );
    const input = root.querySelector("input");
    expect(root.querySelector("label")?.htmlFor).toBe(input?.id);
    expect(input?.getAttribute("aria-invalid")).toBe("true");
    const ids = input?.getAttribute("aria-describedby")?.split(" ") ?? [];
    expect(ids.map((id) => document.getElementById(id)?.textContent)).toEqual(["why", "is empty"]);
  });
});

describe("Dialog", () => {
  it("closes with Escape, even from a field", async () => {
    const onClose = vi.fn();
    await draw(
      <Dialog title="Sure?" onClose={onClose}>
        <input />
      </Dialog>,
    );
    const event = new KeyboardEvent("keydown", { key: "Escape", bubbles: true, composed: true });
    root.querySelector("input")?.dispatchEvent(event);
    expect(onClose).toHaveBeenCalledOnce();
  });
});

describe("Tabs", () => {
  it("move with the arrows, around the ends", async () => {
    const chosen: string[] = [];
    const tabs = [
      { id: "a", title: "A" },
      { id: "b", title: "B" },
    ];
    await draw(<Tabs label="Views" tabs={tabs} value="a" onChange={(id) => chosen.push(id)} />);
    const list = root.querySelector("[role=tablist]");
    for (const key of ["ArrowRight", "ArrowLeft", "x"]) {
      await act(() => {
        list?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
      });
    }
    expect(chosen).toEqual(["b", "b"]);
  });
});

describe("evidence", () => {
  it("leads to Explore with the query", () => {
    expect(exploreUrl('up{a="b"}', "now-6h", "now")).toBe("/explore?expr=up%7Ba%3D%22b%22%7D&from=now-6h&to=now");
  });

  it("is safe to paste into a shell", () => {
    expect(shellWord("up")).toBe("up");
    expect(shellWord("a'b $(rm)")).toBe("'a'\\''b $(rm)'");
    expect(commandOf("up == 0", 1_795_338_000_000)).toContain("--time 1795338000 'up == 0'");
  });
});

describe("toasts", () => {
  it("are few, and go", async () => {
    vi.useFakeTimers();
    await draw(<Toasts />);
    await act(() => {
      for (let index = 0; index < 10; index += 1) notify(`told ${index}`);
    });
    expect(root.querySelectorAll(".toast")).toHaveLength(4);
    await act(() => {
      vi.advanceTimersByTime(5000);
    });
    expect(root.querySelectorAll(".toast")).toHaveLength(0);
    vi.useRealTimers();
  });
});
