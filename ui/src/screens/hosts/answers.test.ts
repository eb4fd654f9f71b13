import { describe, expect, test } from "vitest";
import type { Series } from "../../api/promql";
import { ask, findings, hostKey, hostOf, hosts, verdictOf } from "./answers";
import { MEASURES, measure } from "./measures";

const NODE = { job: "node", instance: "vm" };
const series = (labels: Record<string, string>, value: number): Series => ({ labels, points: [[0, value]] });
const signal = () => new AbortController().signal;

describe("measures are asked one by one", () => {
  test("and one that fails takes no other with it", async () => {
    const answers = await ask(MEASURES, undefined, undefined, signal(), async (query) => {
      if (query.includes("node_load5")) throw new Error("too many samples");
      return [series(NODE, 0.5)];
    });
    expect([...answers.keys()]).toEqual(MEASURES.map((one) => one.id));
    expect(answers.get("cpu_load")?.error?.message).toBe("too many samples");
    expect(answers.get("cpu_busy")?.values.get(hostKey(NODE))).toBe(0.5);
  });

  test("and what all of them say is said once", async () => {
    const asked = ask(MEASURES, undefined, undefined, signal(), () => Promise.reject(new Error("cannot be reached")));
    await expect(asked).rejects.toThrow("cannot be reached");
  });

  test("a few at a time, and none after nobody looks any more", async () => {
    let running = 0;
    let most = 0;
    const stop = new AbortController();
    let asked = 0;
    const answers = ask(MEASURES, undefined, undefined, stop.signal, async () => {
      asked += 1;
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      running -= 1;
      if (asked === 8) stop.abort();
      if (stop.signal.aborted) throw new DOMException("aborted", "AbortError");
      return [];
    });
    await expect(answers).rejects.toThrow("aborted");
    expect(most).toBeLessThanOrEqual(4);
    expect(asked).toBeLessThan(MEASURES.length);
  });

  test("a value that is no number is none", async () => {
    const answers = await ask([measure("cpu_busy")], NODE, undefined, signal(), async () => [series(NODE, Number.NaN)]);
    expect(answers.get("cpu_busy")?.values.size).toBe(0);
  });
});

describe("hosts", () => {
  const known = [
    series({ ...NODE, nodename: "vm", release: "6.1", machine: "x86_64" }, 1),
    series({ ...NODE, nodename: "vm", release: "6.2", machine: "x86_64" }, 1),
    series({ job: "nodes", instance: "gone:9100", nodename: "gone" }, 1),
    series({ job: "nodes", instance: "down:9100", nodename: "down" }, 1),
  ];
  const up = [series(NODE, 1), series({ job: "nodes", instance: "down:9100" }, 0)];
  const all = hosts(known, up);

  test("are listed once each, those that nobody hears of as well", () => {
    expect(all.map((one) => [one.nodename, one.isUp])).toEqual([
      ["vm", true],
      ["gone", null],
      ["down", false],
    ]);
  });

  test("are as good as the worst of their measures", () => {
    const [vm, gone, down] = all;
    if (!vm || !gone || !down) throw new Error("three hosts");
    const answer = (id: string, value: number) => [id, { query: "", values: new Map([[vm.key, value]]) }] as const;
    const measures = [measure("cpu_busy"), measure("memory_used"), measure("filesystem_full")];
    const answers = new Map([answer("cpu_busy", 0.1), answer("memory_used", 0.9), answer("filesystem_full", 0.99)]);
    expect(verdictOf(vm, measures, answers)).toBe("critical");
    expect(findings(vm, measures, answers).map((one) => one.measure.id)).toEqual(["filesystem_full", "memory_used"]);
    expect(verdictOf(gone, measures, answers)).toBe("unknown");
    expect(verdictOf(down, measures, answers)).toBe("critical");
    expect(verdictOf(vm, measures, undefined)).toBe("unknown");
  });
});

test("a host in the address is read back, and nothing else is taken for one", () => {
  const hostile = { job: 'a"b', instance: "<img src=x>,]" };
  expect(hostOf(hostKey(hostile))).toEqual(hostile);
  for (const text of ["", "vm", "[]", '["a"]', '["a",1]', "{}", "null", "["]) expect(hostOf(text)).toBeNull();
});
