import { describe, expect, it } from "vitest";
import {
  type Column,
  choiceText,
  facets,
  filtered,
  nextSorting,
  parseChoice,
  parseSorting,
  sorted,
  sortingText,
  table,
} from "./model";

interface Row {
  name: string;
  burn: number | null;
  labels: string[];
}

const ROWS: Row[] = [
  { name: "route 10", burn: 2, labels: ["team=a", "tier=1"] },
  { name: "route 9", burn: null, labels: ["team=b"] },
  { name: "Other", burn: Number.NaN, labels: [] },
  { name: "route 2", burn: 14, labels: ["team=a", "tier=2"] },
];

const COLUMNS: Column<Row>[] = [
  { key: "name", title: "Name", cell: (row) => row.name, sort: (row) => row.name },
  { key: "burn", title: "Burn", cell: (row) => row.burn, sort: (row) => row.burn },
  { key: "labels", title: "Labels", cell: (row) => row.labels.join(), filter: (row) => row.labels },
];

const names = (rows: readonly Row[]) => rows.map((row) => row.name);

describe("sorting", () => {
  const by = (text: string) => names(sorted(ROWS, COLUMNS, parseSorting(text)));

  it("puts numbers in words in their order", () => {
    expect(by("name")).toEqual(["Other", "route 2", "route 9", "route 10"]);
    expect(by("-name")).toEqual(["route 10", "route 9", "route 2", "Other"]);
  });

  it("puts what is not known last, whichever way", () => {
    expect(by("burn")).toEqual(["route 10", "route 2", "route 9", "Other"]);
    expect(by("-burn")).toEqual(["route 2", "route 10", "route 9", "Other"]);
  });

  it("leaves the order without a column that sorts", () => {
    expect(by("")).toEqual(names(ROWS));
    expect(by("gone")).toEqual(names(ROWS));
    expect(by("labels")).toEqual(names(ROWS));
  });

  it("goes through its ways: numbers highest first, words from a", () => {
    const first = nextSorting(null, "burn", true);
    const second = nextSorting(first, "burn", true);
    expect([first, second, nextSorting(second, "burn", true)].map(sortingText)).toEqual(["-burn", "burn", ""]);
    const word = nextSorting(first, "name", false);
    expect([word, nextSorting(word, "name", false)].map(sortingText)).toEqual(["name", "-name"]);
  });
});

describe("filters", () => {
  const choices = (...texts: string[]) => texts.map((text) => parseChoice(text)).filter((choice) => choice !== null);

  it("find rows with all words, anywhere", () => {
    expect(names(filtered(ROWS, COLUMNS, "ROUTE team=a", []))).toEqual(["route 10", "route 2"]);
    expect(names(filtered(ROWS, COLUMNS, "nothing", []))).toEqual([]);
  });

  it("take one of the values of a column, and all of the columns", () => {
    expect(names(filtered(ROWS, COLUMNS, "", choices("labels:team=a", "labels:team=b")))).toEqual([
      "route 10",
      "route 9",
      "route 2",
    ]);
    expect(names(filtered(ROWS, COLUMNS, "2", choices("labels:team=a")))).toEqual(["route 10", "route 2"]);
  });

  it("ignore columns that are not there", () => {
    expect(filtered(ROWS, COLUMNS, "", choices("gone:x", "name:y"))).toHaveLength(4);
  });

  it("survive the URL", () => {
    for (const choice of [
      { key: "labels", value: "a:b" },
      { key: "labels", value: "" },
    ]) {
      expect(parseChoice(choiceText(choice))).toEqual(choice);
    }
    expect(parseChoice("no colon")).toBeNull();
    expect(parseChoice(":x")).toBeNull();
  });

  it("offer the values that there are, the most frequent first", () => {
    const labels = COLUMNS[2] as Column<Row>;
    expect(facets(ROWS, labels, 3)).toEqual([
      ["team=a", 2],
      ["team=b", 1],
      ["tier=1", 1],
    ]);
  });
});

describe("export", () => {
  it("has what the cells say", () => {
    expect(table(ROWS.slice(0, 2), COLUMNS)).toEqual([
      ["Name", "Burn", "Labels"],
      ["route 10", "2", "team=a tier=1"],
      ["route 9", "", "team=b"],
    ]);
  });
});
