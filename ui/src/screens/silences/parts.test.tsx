import { render } from "preact";
import { afterEach, expect, it } from "vitest";
import type { RoutedAlert } from "../alerts/types";
import { newForm } from "./form";
import { keptBack } from "./load";
import { knownLabels } from "./matcher-fields";
import { matcher } from "./matchers";
import { previewOf } from "./preview";
import type { Silence } from "./types";
import { extraWords, MatcherSets } from "./words";

afterEach(() => render(null, document.body));

it("a preview asks for nothing that may not be asked, and not again when only times change", () => {
  const form = newForm([matcher("job", "=", "db")], "", "UTC");
  const asked = previewOf(form);
  expect(JSON.parse(asked ?? "")).toMatchObject({
    matchers: [{ name: "job", value: "db" }],
    createdBy: "",
    comment: "",
  });
  expect(previewOf({ ...form, duration: "9h", comment: "x", receivers: ["("] })).toBe(asked);
  expect(previewOf({ ...form, sets: [...form.sets, [matcher("a", "!=", "b")]] })).toContain("matcherSets");
  expect(previewOf({ ...form, sets: [[matcher("", "=", "")]] })).toBeNull();
  expect(previewOf({ ...form, sets: [[matcher("a", "=~", "(")]] })).toBeNull();
});

it("alerts stand by each silence that keeps them back", () => {
  const alert = (fingerprint: string, ...silencedBy: string[]) =>
    ({ fingerprint, status: { silencedBy } }) as RoutedAlert;
  const found = keptBack([alert("1", "a", "b"), alert("2", "b"), alert("3")]);
  expect([...found].map(([id, alerts]) => [id, alerts.map((one) => one.fingerprint)])).toEqual([
    ["a", ["1"]],
    ["b", ["1", "2"]],
  ]);
});

it("labels that alerts have are offered, not endlessly many values", () => {
  const many = Array.from({ length: 600 }, (_, index) => ({ labels: { job: "db", id: String(index) } }));
  const known = knownLabels(many);
  expect([...known.keys()]).toEqual(["job", "id"]);
  expect([...(known.get("job") ?? [])]).toEqual(["db"]);
  expect(known.get("id")?.size).toBe(500);
});

it("what only our silences have is said in words", () => {
  const silence = { matchers: [] } as unknown as Silence;
  expect(extraWords(silence)).toEqual([]);
  expect(
    extraWords({
      ...silence,
      recurrence: { rrule: "FREQ=WEEKLY;BYDAY=SA", timeZone: "Europe/Berlin" },
      untilResolvedGrace: "10m",
      receiverMatcherSets: [[matcher("name", "=", "chat")], [matcher("team", "=~", "a|b")]],
    }),
  ).toEqual([
    "every Saturday, by the clocks of Europe/Berlin",
    "until nothing has fired for 10m",
    'only for receivers name="chat" or team=~"a|b"',
  ]);
});

it("hostile conditions are drawn as text", () => {
  render(
    <MatcherSets sets={[[matcher("<img src=x onerror=alert(1)>", "=", "<script>alert(2)</script>")]]} />,
    document.body,
  );
  expect(document.querySelector("img, script")).toBeNull();
  expect(document.body.textContent).toContain("<script>alert(2)</script>");
});
