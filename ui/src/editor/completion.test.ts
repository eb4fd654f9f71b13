import type { CompletionResult } from "@codemirror/autocomplete";
import { beforeEach, describe, expect, it } from "vitest";
import { createCache } from "./cache";
import { shaped, typedBefore } from "./completion";
import { forget, HISTORY_MAX, matching, queries, remember } from "./history";
import { namesOf, selectorOf } from "./names";
import { boostOf, namesIn, OPTIONS_MAX, ranked } from "./ranking";

const nobody: ReadonlySet<string> = new Set();
const boost = (label: string, typed: string, recent = nobody) => boostOf({ label }, typed, recent);

describe("ranking", () => {
  it("puts whole words before letters that lie apart", () => {
    const words = boost("plimsoll_query_duration_seconds", "plimsoll_dur");
    expect(words).toBeGreaterThan(boost("plimsoll_tsdb_failures_total", "plimsoll_dur"));
    expect(boost("plimsoll_duration", "plimsoll_dur")).toBeGreaterThan(words);
  });

  it("puts what was asked for lately before the rest, and snippets behind it", () => {
    expect(boost("up", "", new Set(["up"]))).toBeGreaterThan(boost("up", ""));
    expect(boostOf({ label: "sum(rate())", detail: "snippet" }, "", nobody)).toBeLessThan(boost("sum", ""));
  });

  it("hands the editor no more than it can match at every key", () => {
    const many = Array.from({ length: OPTIONS_MAX + 1 }, (_, index) => ({ label: `m${index}` }));
    const { options, isWhole } = ranked(many, "", nobody);
    expect(options).toHaveLength(OPTIONS_MAX);
    expect(isWhole).toBe(false);
  });

  it("knows names in expressions, and not what is in quotes", () => {
    const names = namesIn(['sum(rate(http_requests_total{job="api \\" gateway"}[5m]))']);
    expect(names.has("http_requests_total")).toBe(true);
    expect(names.has("gateway")).toBe(false);
  });
});

describe("proposals", () => {
  const result = (label: string, type: string): CompletionResult => ({
    from: 0,
    options: [{ label, type }],
    validFor: /x/,
  });
  const applied = (label: string, type: string, kind: "metric" | "label" | "value") =>
    shaped(result(label, type), "", { kind, hasMore: false }).options[0]?.apply;

  it("write names that are no identifiers in quotes", () => {
    expect(applied("http.server.duration", "constant", "metric")).toBe('{"http.server.duration"}');
    expect(applied("k8s.pod", "constant", "label")).toBe('"k8s.pod"');
    expect(applied("up", "constant", "metric")).toBeUndefined();
  });

  it("escape values, so that a value stays a value", () => {
    expect(applied('a"} or vector(1) #\n', "text", "value")).toBe('a\\"} or vector(1) #\\n');
  });

  it("are asked for anew at every key when the server has more", () => {
    expect(shaped(result("a", "text"), "", { kind: "value", hasMore: true }).validFor).toBeUndefined();
    expect(shaped(result("a", "text"), "", { kind: "value", hasMore: false }).validFor).toBeDefined();
  });

  it("know what of a value has been typed", () => {
    expect(typedBefore('up{job="ap')).toBe("ap");
    expect(typedBefore("up{job")).toBe("");
  });
});

describe("names", () => {
  it("are read from lines of JSON", () => {
    const lines =
      '{"results":[{"name":"up"},{"name":"down"}]}\n{"results":[{"value":"x"}]}\n{"status":"success","has_more":true}\n';
    expect(namesOf(lines)).toEqual({ names: ["up", "down", "x"], hasMore: true });
  });

  it("become selectors, quoted where they must be", () => {
    expect(selectorOf("up", [])).toBe("up");
    expect(selectorOf("", [])).toBe("{}");
    expect(selectorOf("a.b", [{ name: "job", type: "=~", value: 'x"y' }])).toBe('{"a.b",job=~"x\\"y"}');
    expect(selectorOf("up", [{ name: "k8s.pod", type: "!=", value: "" }])).toBe('up{"k8s.pod"!=""}');
  });
});

describe("the cache", () => {
  it("asks once for what is asked for twice, and again when it is old", async () => {
    let [now, asked] = [0, 0];
    const cache = createCache<number>(4, 100, () => now);
    const load = async () => ++asked;
    await Promise.all([cache.get("a", load), cache.get("a", load)]);
    expect(asked).toBe(1);
    now = 101;
    expect(await cache.get("a", load)).toBe(2);
  });

  it("forgets what was used least recently, and never keeps a failure", async () => {
    const cache = createCache<string>(2, 1000, () => 0);
    await cache.get("a", async () => "a");
    await cache.get("b", async () => "b");
    await cache.get("a", async () => "other");
    await cache.get("c", async () => "c");
    expect(cache.size).toBe(2);
    expect(await cache.get("a", async () => "anew")).toBe("a");
    await expect(cache.get("d", async () => Promise.reject(new Error("away")))).rejects.toThrow("away");
    expect(await cache.get("d", async () => "back")).toBe("back");
  });
});

describe("the history", () => {
  beforeEach(() => forget());

  it("has the newest first, each once, and not more than it may", () => {
    for (let index = 0; index <= HISTORY_MAX; index += 1) remember(`up == ${index}`);
    remember(" up == 50 ");
    expect(queries()[0]).toBe("up == 50");
    expect(queries()).toHaveLength(HISTORY_MAX);
    expect(queries().filter((entry) => entry === "up == 50")).toHaveLength(1);
  });

  it("survives storage that is broken or away", () => {
    localStorage.setItem("plimsoll.queries", '{"not": "a list"}');
    expect(queries()).toEqual([]);
    expect(queries(null)).toEqual([]);
    expect(remember("up", null)).toEqual(["up"]);
  });

  it("is searched by all words", () => {
    expect(matching(["rate(http[5m])", "up"], "HTTP rate")).toEqual(["rate(http[5m])"]);
  });
});
