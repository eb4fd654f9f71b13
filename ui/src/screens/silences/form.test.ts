import { describe, expect, it } from "vitest";
import {
  type FormErrors,
  fieldOf,
  formOf,
  newForm,
  payload,
  replaces,
  type SilenceForm,
  silenceWords,
  validate,
} from "./form";
import { matcher } from "./matchers";
import type { Silence } from "./types";

const NOW = Date.parse("2026-11-22T03:00:00Z");

function good(change: Partial<SilenceForm> = {}): SilenceForm {
  const form = newForm([matcher("alertname", "=", "DiskFull")], "ann", "UTC");
  return { ...form, comment: "new disk", ...change };
}

const SILENCE: Silence = {
  id: "8ac1",
  status: { state: "active" },
  updatedAt: "2026-11-22T02:00:00.000Z",
  annotations: {},
  matchers: [matcher("job", "=", "db")],
  startsAt: "2026-11-22T02:00:31.695Z",
  endsAt: "2026-11-22T04:00:00.000Z",
  createdBy: "ann",
  comment: "INC-7",
};

describe("a form is judged before anybody is asked", () => {
  const check = (change: Partial<SilenceForm>, field: keyof FormErrors, part: string) => {
    const errors = validate(good(change), NOW);
    expect(errors[field], JSON.stringify(change)).toContain(part);
  };

  it("a good one has no errors", () => {
    expect(validate(good(), NOW)).toEqual({});
    expect(validate(good({ sets: [[matcher("team", "!=", "a")]] }), NOW)).toEqual({});
  });

  it("matchers", () => {
    check({ sets: [[]] }, "matchers", "one condition at least");
    check({ sets: [[matcher("", "=", "x")]] }, "matchers", "name of a label");
    check({ sets: [[matcher("a", "=~", "(")]] }, "matchers", "no regular expression");
    check({ sets: [[matcher("a", "=", "")]] }, "matchers", "ask for a value");
    check({ sets: [[matcher("a", "=~", ".*"), matcher("b", "=", "")]] }, "matchers", "ask for a value");
    check({ sets: [[matcher("a", "=", "x")], [matcher("b", "=", "")]] }, "matchers", "ask for a value");
    check({ receivers: ["name=~("] }, "receivers", "no regular expression");
  });

  it("times", () => {
    check({ duration: "soon" }, "ends", "how long it lasts");
    check({ duration: "0s" }, "ends", "before it begins");
    check({ ends: "at", end: "" }, "ends", "when it ends");
    check({ ends: "at", end: "2026-11-22T02:59" }, "ends", "before it begins");
    check({ start: "2026-11-21T01:00", ends: "at", end: "2026-11-21T02:00" }, "ends", "has passed");
    check({ start: "later" }, "start", "when it begins");
    check({ zone: "Mars/Olympus" }, "zone", "no time zone Mars/Olympus");
  });

  it("what only our silences have", () => {
    check({ recurs: true, rrule: "every day" }, "rrule", "FREQ=");
    check({ recurs: true, untilResolved: true }, "grace", "choose one of both");
    check({ untilResolved: true, grace: "x" }, "grace", "how long nothing");
    const past = good({ recurs: true, start: "2026-11-14T22:00", ends: "at", end: "2026-11-15T04:00" });
    expect(validate(past, NOW)).toEqual({});
  });

  it("who and why", () => {
    check({ createdBy: " " }, "createdBy", "who you are");
    check({ comment: "" }, "comment", "Say why");
  });
});

describe("what is posted", () => {
  it("has Alertmanager's fields only when that is all there is", () => {
    expect(payload(good(), NOW)).toEqual({
      matchers: [{ name: "alertname", value: "DiskFull", isRegex: false, isEqual: true }],
      startsAt: "2026-11-22T03:00:00.000Z",
      endsAt: "2026-11-22T05:00:00.000Z",
      createdBy: "ann",
      comment: "new disk",
    });
  });

  it("has the fields of ours", () => {
    const posted = payload(
      good({
        sets: [[matcher("a", "=", "1")], [matcher("b", "!~", "2|3")]],
        receivers: ['name="chat"'],
        start: "2026-11-28T22:00",
        ends: "at",
        end: "2026-11-29T04:00",
        zone: "Europe/Berlin",
        recurs: true,
        annotations: { ticket: "7" },
      }),
      NOW,
    );
    expect(posted.matcherSets).toEqual([[{ name: "b", value: "2|3", isRegex: true, isEqual: false }]]);
    expect(posted.receiverMatcherSets).toEqual([[{ name: "name", value: "chat", isRegex: false, isEqual: true }]]);
    expect(posted.recurrence).toEqual({
      rrule: "FREQ=WEEKLY;BYDAY=SA",
      timeZone: "Europe/Berlin",
      startsAt: "2026-11-28T21:00:00.000Z",
      endsAt: "2026-11-29T03:00:00.000Z",
    });
    expect(posted.annotations).toEqual({ ticket: "7" });
    expect(payload(good({ untilResolved: true, grace: "15m" }), NOW).untilResolvedGrace).toBe("15m");
  });

  it("a change keeps the id and the begin to the millisecond, so that it is made in place", () => {
    const form = { ...formOf(SILENCE, "UTC", NOW), end: "2026-11-22T06:00" };
    const posted = payload(form, NOW, SILENCE);
    expect(posted.id).toBe("8ac1");
    expect(posted.startsAt).toBe("2026-11-22T02:00:31.695Z");
    expect(posted.endsAt).toBe("2026-11-22T06:00:00.000Z");
  });

  it("an end that nobody touched keeps its seconds", () => {
    const whole = { ...SILENCE, endsAt: "2026-11-22T04:00:31.500Z" };
    expect(payload(formOf(whole, "UTC", NOW), NOW, whole).endsAt).toBe(whole.endsAt);
  });

  it("says which change makes another silence", () => {
    const form = formOf(SILENCE, "UTC", NOW);
    const change = (part: Partial<SilenceForm>, original = SILENCE) => replaces({ ...form, ...part }, original, NOW);
    expect(change({ end: "2026-11-22T09:00", comment: "x", createdBy: "bob" })).toBe(false);
    expect(change({ sets: [[matcher("job", "=", "web")]] })).toBe(true);
    expect(change({ sets: [...form.sets, [matcher("job", "=", "web")]] })).toBe(true);
    expect(change({ receivers: ['name="chat"'] })).toBe(true);
    expect(change({ start: "2026-11-22T01:00" })).toBe(true);
    expect(change({ recurs: true })).toBe(true);
    expect(replaces({ ...form, id: undefined }, SILENCE, NOW)).toBe(false);
    const pending: Silence = { ...SILENCE, status: { state: "pending" } };
    expect(change({ start: "2026-11-22T05:00" }, pending)).toBe(false);
    expect(change({ start: "2026-11-22T01:00" }, pending)).toBe(true);
  });

  it("one that is over becomes the pattern of a new one", () => {
    const form = formOf({ ...SILENCE, status: { state: "expired" } }, "UTC", NOW);
    expect(form.id).toBeUndefined();
    expect(payload(form, NOW).startsAt).toBe(new Date(NOW).toISOString());
    expect(form.comment).toBe("INC-7");
  });

  it("a silence with everything survives the way into the form and back", () => {
    const whole: Silence = {
      ...SILENCE,
      matcherSets: [[matcher("b", "=", "2")]],
      receiverMatcherSets: [[matcher("name", "=", "chat")]],
      recurrence: {
        rrule: "FREQ=DAILY",
        timeZone: "Europe/Berlin",
        startsAt: "2026-11-20T21:00:00.000Z",
        endsAt: "2026-11-21T03:00:00.000Z",
      },
      annotations: { ticket: "7" },
    };
    const posted = payload(formOf(whole, "UTC", NOW), NOW, whole);
    expect(posted.recurrence).toEqual(whole.recurrence);
    expect(posted.matcherSets).toEqual(whole.matcherSets);
    expect(posted.receiverMatcherSets).toEqual(whole.receiverMatcherSets);
    expect(posted.annotations).toEqual(whole.annotations);
  });
});

it("what the server refuses is said at its field", () => {
  for (const [message, field] of [
    ["Failed to create silence: start time must be before end time", "ends"],
    ["Failed to create silence: end time can't be in the past", "ends"],
    ["a silence may last at most 30d, and this one would last 40d", "ends"],
    ["invalid silence: matcher set 0: at least one matcher must not match the empty string", "matchers"],
    ['invalid silence: invalid label matcher 0: "(" does not compile', "matchers"],
    ['invalid silence: the regular expression "x" is too large once compiled', "matchers"],
    ["a recurring silence begins at most 10 years from now, and its windows last at most 366 days", "rrule"],
    ["the recurring silence has no window that ends in the future", "rrule"],
    ["a recurring silence cannot end when its alerts are resolved", "grace"],
    ["invalid silence: untilResolvedGrace: not a duration", "grace"],
    ["invalid silence: there is no time zone `Mars`", "zone"],
    ["comment in body is required", "comment"],
    ["createdBy in body is required", "createdBy"],
    ["exceeded maximum number of silences: 3 (limit: 3)", "form"],
    ["silence not found", "form"],
  ] as const) {
    expect(fieldOf(message), message).toBe(field);
  }
});

it("the command makes the same silence", () => {
  const form = good({
    sets: [[matcher("a", "=", "1")], [matcher("b", "=", "2")]],
    receivers: ['name="chat"'],
    untilResolved: true,
  });
  expect(silenceWords(form)).toEqual(
    ["silence", "add", 'a="1"', "--or", 'b="2"', "--duration", "2h", "--until-resolved", "--grace", "10m"].concat([
      "--receiver",
      "chat",
      "--comment",
      "new disk",
      "--author",
      "ann",
    ]),
  );
});
