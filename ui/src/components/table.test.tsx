import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { refreshPlace } from "../router/location";
import { type Column, Table, type TableProps } from "./table";

interface Row {
  name: string;
  size: number;
}

const COLUMNS: Column<Row>[] = [
  {
    key: "name",
    title: "Name",
    cell: (row) => row.name,
    sort: (row) => row.name,
    filter: (row) => row.name.slice(0, 1),
  },
  { key: "size", title: "Size", cell: (row) => row.size, sort: (row) => row.size, align: "end" },
];

const ROWS: Row[] = [
  { name: "b", size: 1 },
  { name: "a", size: 3 },
  { name: "c", size: 2 },
];

let root: HTMLElement;

const draw = (props: Partial<TableProps<Row>> = {}) =>
  act(() => render(<Table name="probe" columns={COLUMNS} rows={ROWS} id={(row) => row.name} {...props} />, root));
const names = () => [...root.querySelectorAll("tbody tr")].map((line) => line.querySelector("td")?.textContent);
const press = (key: string) =>
  act(() => {
    const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, composed: true });
    (document.activeElement ?? document.body).dispatchEvent(event);
  });

beforeEach(() => {
  window.history.replaceState(null, "", "/probe");
  refreshPlace();
  localStorage.clear();
  root = document.createElement("div");
  document.body.append(root);
});

afterEach(() => {
  render(null, root);
  root.remove();
});

describe("Table", () => {
  it("sorts by a press on a head, in the URL", async () => {
    await draw();
    const heads = root.querySelectorAll<HTMLElement>(".table-sort");
    await act(() => heads[1]?.click());
    expect(names()).toEqual(["a", "c", "b"]);
    expect(window.location.search).toBe("?probe.sort=-size");
    expect(root.querySelectorAll("th")[1]?.getAttribute("aria-sort")).toBe("descending");
  });

  it("shows what a link says", async () => {
    window.history.replaceState(null, "", "/probe?probe.f=name:a&probe.f=name:c&probe.sort=size");
    refreshPlace();
    await draw();
    expect(names()).toEqual(["c", "a"]);
    expect(root.querySelector(".table-count")?.textContent).toBe("2 of 3 rows");
  });

  it("moves with j and k, and opens with Enter", async () => {
    const opened: string[] = [];
    await draw({ onOpen: (row) => opened.push(row.name) });
    await press("j");
    await press("j");
    await press("Enter");
    await press("k");
    await press("Enter");
    expect(opened).toEqual(["a", "b"]);
  });

  it("follows a row's link with Enter", async () => {
    await draw({ to: (row) => `/probe/${row.name}` });
    await press("j");
    await press("Enter");
    expect(window.location.pathname).toBe("/probe/b");
  });

  it("leaves marked text and controls inside of a row alone", async () => {
    const opened: string[] = [];
    const columns: Column<Row>[] = [{ key: "do", title: "Do", cell: () => <button type="button">do</button> }];
    await draw({ columns, onOpen: (row) => opened.push(row.name) });
    await act(() => root.querySelector<HTMLElement>("tbody button")?.click());
    expect(opened).toEqual([]);
    await act(() => root.querySelector<HTMLElement>("tbody td")?.click());
    expect(opened).toEqual(["b"]);
  });

  it("keeps up to so many rows in the document, and offers the rest", async () => {
    await draw({ limit: 2 });
    expect(names()).toEqual(["b", "a"]);
    const all = [...root.querySelectorAll("button")].find((button) => button.textContent === "show all");
    await act(() => all?.click());
    expect(names()).toEqual(["b", "a", "c"]);
  });

  it("remembers the columns that were chosen", async () => {
    localStorage.setItem("plimsoll.columns.probe", '["name"]');
    await draw();
    expect([...root.querySelectorAll("th")].map((head) => head.textContent)).toEqual(["Size"]);
    localStorage.setItem("plimsoll.columns.probe", "{broken");
    await draw({ name: "other" });
    expect(root.querySelectorAll("th")).toHaveLength(2);
  });

  it("says when there is nothing, and when a filter leaves nothing", async () => {
    await draw({ rows: [], empty: <p>teaches</p> });
    expect(root.textContent).toBe("teaches");
    window.history.replaceState(null, "", "/probe?probe.q=zzz");
    refreshPlace();
    await draw();
    expect(root.textContent).toContain("No row fits");
  });
});
