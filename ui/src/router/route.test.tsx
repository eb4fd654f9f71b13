import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Link } from "./link";
import { navigate, refreshPlace, setQuery, withRange } from "./location";
import { useQueryList, useQueryState } from "./route";

let root: HTMLElement;

beforeEach(() => {
  window.history.replaceState(null, "", "/alerts");
  refreshPlace();
  root = document.createElement("div");
  document.body.append(root);
});

afterEach(() => {
  render(null, root);
  root.remove();
});

describe("the URL as state", () => {
  it("writes a value, and takes the fallback out", async () => {
    let set: (value: string) => void = () => {};
    function Probe() {
      const [value, setValue] = useQueryState("tab", "graph");
      set = setValue;
      return <p>{value}</p>;
    }
    await act(() => render(<Probe />, root));
    expect(root.textContent).toBe("graph");
    await act(() => set("table"));
    expect(root.textContent).toBe("table");
    expect(window.location.search).toBe("?tab=table");
    await act(() => set("graph"));
    expect(window.location.search).toBe("");
  });

  it("keeps several values of one name, and others beside them", async () => {
    setQuery({ q: "x" });
    let set: (values: string[]) => void = () => {};
    function Probe() {
      const [values, setValues] = useQueryList("f");
      set = setValues;
      return <p>{values.join()}</p>;
    }
    await act(() => render(<Probe />, root));
    await act(() => set(["a:1", "b:2 & 3"]));
    expect(root.textContent).toBe("a:1,b:2 & 3");
    const query = new URLSearchParams(window.location.search);
    expect(query.getAll("f")).toEqual(["a:1", "b:2 & 3"]);
    expect(query.get("q")).toBe("x");
  });

  it("follows the Back button", async () => {
    function Probe() {
      return <p>{useQueryState("tab", "graph")[0]}</p>;
    }
    await act(() => render(<Probe />, root));
    await act(() => {
      window.history.replaceState(null, "", "/alerts?tab=heatmap");
      window.dispatchEvent(new PopStateEvent("popstate"));
    });
    expect(root.textContent).toBe("heatmap");
  });
});

describe("navigate", () => {
  it("takes the time range along", () => {
    navigate("/alerts?from=now-6h&to=now-1h&alerts.q=x");
    navigate("/slos");
    expect(window.location.pathname + window.location.search).toBe("/slos?from=now-6h&to=now-1h");
    expect(withRange("/explore?expr=up&from=now-5m")).toBe("/explore?expr=up&from=now-5m");
  });
});

describe("Link", () => {
  const draw = (to: string) => act(() => render(<Link to={to}>there</Link>, root));

  it("stays in the page on a plain press, and leaves others to the browser", async () => {
    await draw("/slos");
    const link = root.querySelector("a");
    expect(link?.getAttribute("href")).toBe("/slos");
    link?.addEventListener("click", (event) => event.preventDefault(), { capture: true, once: true });
    link?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
    expect(window.location.pathname).toBe("/alerts");
    link?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
    expect(window.location.pathname).toBe("/slos");
  });

  it("makes no link of what may not be followed", async () => {
    await draw("javascript:alert(1)");
    expect(root.querySelector("a")).toBeNull();
    expect(root.textContent).toBe("there");
  });

  it("opens other origins apart", async () => {
    await draw("https://example.com/runbook");
    expect(root.querySelector("a")?.rel).toContain("noopener");
    expect(root.querySelector("a")?.target).toBe("_blank");
  });
});
