import { describe, expect, it } from "vitest";
import { named, next, plain, reasons, verdict } from "./reasons";
import type { Channel, Why } from "./types";

const NOW = Date.parse("2026-11-22T03:00:00Z");

function channel(why: Why, change: Partial<Channel> = {}): Channel {
  const nextAt = "2026-11-22T03:05:00Z";
  return {
    receiver: "pagers",
    integration: "webhook[0]",
    route: "{}",
    group: "{}:{}",
    told: null,
    why,
    nextAt,
    text: "as the server says",
    ...change,
  };
}

describe("every reason is said", () => {
  const check = (why: Why, word: string, sentences: string[]) => {
    const one = channel(why);
    expect(verdict(one).word, why.kind).toBe(word);
    expect(reasons(one).map(plain), why.kind).toEqual(sentences);
  };

  it("nobody can be told", () => {
    check({ kind: "no_alert" }, "would be told", ["no such alert is known: nothing was posted, or it is over"]);
    check({ kind: "rows_unread" }, "not known", [
      "the server could not read yet what was written before it began, so it may have been told",
    ]);
    check({ kind: "no_integration" }, "not told", ["the receiver has no integration: it tells nobody"]);
    check({ kind: "not_leading" }, "another replica decides", ["ask the replica that leads"]);
  });

  it("it waits", () => {
    const until = "2026-11-22T03:05:00Z";
    check({ kind: "waiting", until, timer: "group_wait" }, "not told yet", [
      "others of its group may come; they are told together (group_wait)",
    ]);
    check({ kind: "waiting", until, timer: "group_interval" }, "not told yet", [
      "its group was told lately, and is told again after group_interval",
    ]);
    check({ kind: "waiting", until, timer: "resolve_interval" }, "not told yet", [
      "its group was told lately; that alerts are resolved is told after resolve_interval",
    ]);
    check({ kind: "waiting", until, timer: "a_new_timer" as "group_wait" }, "not told yet", [
      "it waits for a_new_timer",
    ]);
    check({ kind: "warm_up", until }, "not told yet", [
      "it began before this process did, and what inhibits it may still be heard of (warm_up)",
    ]);
  });

  it("something keeps it back", () => {
    const by = [
      { id: "8ac1", createdBy: "ann", endsAt: "2026-11-22T05:00:00Z" },
      { id: "9bd2", createdBy: "", endsAt: "2026-11-22T06:00:00Z" },
    ];
    check({ kind: "silenced", by }, "not told: silenced", [
      "silenced by ann until 2026-11-22T05:00:00Z, this silence (8ac1)",
      "silenced by somebody until 2026-11-22T06:00:00Z, this silence (9bd2)",
    ]);
    check({ kind: "inhibited", by: "00ab", labels: { alertname: "Up", job: "db" }, rule: 2 }, "not told: inhibited", [
      'inhibited while Up{job="db"} fires, by inhibit_rules[2]',
    ]);
    check({ kind: "muted", by: ["night"] }, "not told: muted", ["the route is silent in the time interval night"]);
    check({ kind: "muted", by: ["night", "weekend"] }, "not told: muted", [
      "the route is silent in the time intervals night, weekend",
    ]);
    check({ kind: "muted", by: [] }, "not told: muted", ["the route is silent outside of its active_time_intervals"]);
  });

  it("a notice is on its way", () => {
    const [delivery, until] = ["d1", "2026-11-22T03:05:00Z"];
    check({ kind: "being_told", delivery, since: "2026-11-22T02:59:59Z" }, "not told yet", [
      "an attempt is under way since 2026-11-22T02:59:59Z",
    ]);
    check({ kind: "queued", delivery, until, failures: 0, error: "" }, "not told yet", [
      "its notice waits for its turn",
    ]);
    check({ kind: "queued", delivery, until, failures: 1, error: "" }, "not told yet", ["1 attempt failed"]);
    check({ kind: "queued", delivery, until, failures: 2, error: "status 503" }, "not told yet", [
      "2 attempts failed, the last one: status 503",
    ]);
  });

  it("it is done", () => {
    check({ kind: "nothing_new", repeatAt: "2026-11-22T06:00:00Z" }, "not told", [
      "it was told and nothing is new; it is told again after repeat_interval",
    ]);
    check({ kind: "resolved_not_wanted" }, "not told", [
      "it is resolved, and the receiver does not hear of that: send_resolved is false",
    ]);
    check({ kind: "resolved_unheard" }, "not told", ["it is resolved, and the receiver never heard that it fired"]);
    check({ kind: "resolved_told" }, "not told", ["it is resolved and that was told: all is done"]);
  });

  it("a reason of a newer server is told in its words", () => {
    const why = { kind: "moon_phase" } as unknown as Why;
    check(why, "not told", ["as the server says"]);
  });
});

it("who was told is said with its time, and who in its place", () => {
  const told = { at: "2026-11-22T02:41:30Z", reason: "first notification", isResolved: false };
  const why: Why = { kind: "nothing_new", repeatAt: "2026-11-22T06:41:30Z" };
  expect(verdict(channel(why, { told }))).toEqual({ kind: "ok", word: "told", at: told.at });
  const via = channel(why, { told: { ...told, isResolved: true, via: "phone" } });
  expect(verdict(via)).toEqual({ kind: "ok", word: "told that it is resolved", at: told.at, via: "phone" });
});

it("what is next is said, and what is due is now", () => {
  const queued: Why = { kind: "queued", delivery: "d", until: "", failures: 1, error: "" };
  expect(next(channel(queued), NOW)).toEqual({ what: "the next attempt", at: "2026-11-22T03:05:00Z", isDue: false });
  expect(next(channel(queued, { nextAt: "2026-11-22T02:59:59Z" }), NOW)?.isDue).toBe(true);
  expect(next(channel(queued, { nextAt: null }), NOW)).toBeNull();
  expect(next(channel({ kind: "being_told", delivery: "d", since: "" }), NOW)).toBeNull();
  expect(next(channel({ kind: "muted", by: [] }), NOW)?.what).toBe("it is looked at again");
});

it("alerts are named as people name them", () => {
  expect(named({ alertname: "Down", job: "db" })).toBe('Down{job="db"}');
  expect(named({ alertname: "Down" })).toBe("Down");
  expect(named({ job: "db" })).toBe('{job="db"}');
  expect(named({})).toBe("{}");
});
