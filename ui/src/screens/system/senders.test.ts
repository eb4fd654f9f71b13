import { expect, test } from "vitest";
import type { Series } from "../../api/promql";
import { senders } from "./senders";

const of = (alertmanager: string, value: number): Series => ({ labels: { alertmanager }, points: [[0, value]] });
const known = (...urls: string[]) => ({ activeAlertmanagers: urls.map((url) => ({ url })), droppedAlertmanagers: [] });

test("those that lose alerts come first, then those where attempts fail", () => {
  const rows = senders(known("http://good", "http://failing", "http://losing"), {
    sent: [of("http://good", 1), of("http://failing", 0), of("http://losing", 0)],
    errors: [of("http://failing", 0.2), of("http://losing", 0.1)],
    dropped: [of("http://losing", 12)],
    queued: [of("http://failing", 3)],
  });
  expect(rows.map((row) => [row.url, row.status.word])).toEqual([
    ["http://losing", "loses alerts"],
    ["http://failing", "attempts fail"],
    ["http://good", "takes alerts"],
  ]);
  expect(rows[1]?.queued).toBe(3);
});

test("what is not known is not good", () => {
  expect(senders(known("http://a"), undefined)[0]).toMatchObject({ status: { kind: "unknown" }, sent: null });
});

test("one that relabelling dropped is there, at the end", () => {
  const rows = senders(
    { activeAlertmanagers: [{ url: "http://a" }], droppedAlertmanagers: [{ url: "http://b" }] },
    undefined,
  );
  expect(rows.map((row) => row.url)).toEqual(["http://a", "http://b"]);
  expect(rows[1]?.status.word).toBe("dropped by relabelling");
});
