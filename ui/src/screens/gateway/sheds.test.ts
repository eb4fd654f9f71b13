import { expect, test } from "vitest";
import type { Series } from "../../api/promql";
import { shedRows } from "./sheds";

const series = (labels: Record<string, string>, value: number): Series => ({ labels, points: [[0, value]] });

test("what came, what was shed, and why, the most frequent reason first", () => {
  const rows = shedRows(
    [series({ criticality: "P0" }, 10), series({ criticality: "P2" }, 20)],
    [series({ criticality: "P2" }, 5)],
    [
      series({ criticality: "P2", route: "rest", reason: "queue_full" }, 3),
      series({ criticality: "P2", route: "rest", reason: "shed" }, 900),
      series({ criticality: "P2", route: "old", reason: "shed" }, 0),
    ],
  );
  expect(rows.map((row) => row.class)).toEqual(["P0", "P1", "P2", "P3"]);
  expect(rows[0]).toMatchObject({ requests: 10, sheds: 0, share: 0, reasons: [] });
  expect(rows[2]).toMatchObject({ requests: 20, sheds: 5, share: 0.25 });
  expect(rows[2]?.reasons.map((one) => [one.reason, one.count])).toEqual([
    ["shed", 900],
    ["queue_full", 3],
  ]);
});

test("a class of which nothing is known has no numbers, not zeros", () => {
  const [row] = shedRows([], [], []);
  expect(row).toMatchObject({ requests: null, sheds: null, share: null });
});

test("more shed than came in the same window is all of them", () => {
  const [row] = shedRows([series({ criticality: "P0" }, 1)], [series({ criticality: "P0" }, 1.2)], []);
  expect(row?.share).toBe(1);
});
