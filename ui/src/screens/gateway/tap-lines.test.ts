import { describe, expect, test } from "vitest";
import { filterOf, keep, LineCutter, NOTHING_KEPT, parametersOf, readLine } from "./tap-lines";

const bytes = (text: string) => new TextEncoder().encode(text);
const request = (path: string) => JSON.stringify({ time: "2026-11-22T08:00:00.000Z", status: 200, path });

describe("lines are cut out of chunks", () => {
  const text = `${request("/\u00e4\u{1f6a2}")}\n\n{"missed":3}\n${request("/<img src=x onerror=alert(1)>")}\n`;

  test.each([1, 2, 3, 7, 64, 10_000])("of %i bytes", (size) => {
    const cutter = new LineCutter();
    const all = bytes(text);
    const lines: string[] = [];
    for (let at = 0; at < all.length; at += size) lines.push(...cutter.push(all.slice(at, at + size)));
    expect(lines).toEqual(text.split("\n").filter(Boolean));
    expect(cutter.skipped).toBe(0);
  });

  test("what has not ended waits", () => {
    const cutter = new LineCutter();
    expect(cutter.push(bytes('{"missed"'))).toEqual([]);
    expect(cutter.push(bytes(":1}\n"))).toEqual(['{"missed":1}']);
  });

  test("a line without an end does not fill the memory, and the next one is read", () => {
    const cutter = new LineCutter();
    for (let index = 0; index < 100; index += 1) expect(cutter.push(bytes("x".repeat(100_000)))).toEqual([]);
    expect(cutter.push(bytes('the end\n{"missed":1}\n'))).toEqual(['{"missed":1}']);
    expect(cutter.skipped).toBe(1);
  });
});

describe("a line is", () => {
  test("a request, with what a stranger wrote as it is", () => {
    const read = readLine(request("/<script>alert(1)</script>"));
    expect(read).toMatchObject({ kind: "request", request: { path: "/<script>alert(1)</script>", status: 200 } });
  });
  test("how many were missed", () => {
    expect(readLine('{"missed":12}')).toEqual({ kind: "missed", count: 12 });
  });
  test.each(["", "{", "null", "[]", "7", '"text"', "{}", '{"time":1,"status":200}', "<html>"])(
    "unreadable when it is %j",
    (line) => {
      expect(readLine(line)).toEqual({ kind: "unreadable" });
    },
  );
});

describe("what is kept", () => {
  test("is the newest first, with an identity that stays", () => {
    const first = keep(NOTHING_KEPT, [request("/1"), request("/2")], 10);
    const second = keep(first, [request("/3")], 10);
    expect(second.requests.map((one) => one.path)).toEqual(["/3", "/2", "/1"]);
    expect(second.requests.map((one) => one.id)).toEqual([2, 1, 0]);
  });

  test("is bounded, and everything is counted", () => {
    let kept = NOTHING_KEPT;
    for (let batch = 0; batch < 50; batch += 1) {
      const lines = Array.from({ length: 100 }, (_, index) => request(`/${batch}/${index}`));
      kept = keep(kept, [...lines, '{"missed":2}', "{broken"], 500);
    }
    expect(kept.requests).toHaveLength(500);
    expect(kept.seen).toBe(5000);
    expect(kept.missed).toBe(100);
    expect(kept.unreadable).toBe(50);
    expect(new Set(kept.requests.map((one) => one.id)).size).toBe(500);
  });

  test("of a large batch is its end, and a count of missed ones at its begin is not lost", () => {
    const lines = ['{"missed":9}', ...Array.from({ length: 50 }, (_, index) => request(`/${index}`))];
    const kept = keep(NOTHING_KEPT, lines, 10);
    expect(kept.requests.map((one) => one.path).at(0)).toBe("/49");
    expect(kept.requests).toHaveLength(10);
    expect(kept).toMatchObject({ seen: 50, missed: 9 });
  });
});

test("a filter in the address of the page is the one that the server gets", () => {
  const page = new URLSearchParams("tab=tap&route=shop&class=5xx,499&path_prefix=/a%26b&at_least=1s&status=");
  const asked = parametersOf(filterOf(page));
  expect(asked.toString()).toBe("route=shop&class=5xx&class=499&path_prefix=%2Fa%26b&at_least=1s");
  expect(parametersOf(filterOf(asked)).toString()).toBe(asked.toString());
});
