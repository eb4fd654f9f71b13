import { expect, it } from "vitest";
import { daysOf, describe as said, weekly } from "./recurrence";

it("rules are said in words", () => {
  for (const [rule, expected] of [
    ["FREQ=DAILY", "every day"],
    ["FREQ=WEEKLY;BYDAY=SA", "every Saturday"],
    ["FREQ=WEEKLY;BYDAY=MO,TU,FR", "every Monday, Tuesday and Friday"],
    ["FREQ=WEEKLY;INTERVAL=2;BYDAY=SA", "every 2 weeks on Saturday"],
    ["FREQ=MONTHLY;BYDAY=-1FR", "every month on the last Friday"],
    ["FREQ=MONTHLY;BYMONTHDAY=1,-1", "every month on the 1. and the last day"],
    ["FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=2;COUNT=4", "every year on the 2. in March, 4 times"],
    ["FREQ=DAILY;UNTIL=20271231T220000Z", "every day, until 2027-12-31"],
  ]) {
    expect(said(rule ?? ""), rule).toBe(expected);
  }
});

it("what words would get wrong stays as it is", () => {
  for (const rule of ["FREQ=HOURLY", "FREQ=DAILY;BYHOUR=3", "nonsense", "FREQ=MONTHLY;BYDAY=9FR", "<b>"]) {
    expect(said(rule)).toBe(rule);
  }
});

it("days make a weekly rule and back, in the order of the week", () => {
  expect(weekly(["SU", "MO"])).toBe("FREQ=WEEKLY;BYDAY=MO,SU");
  expect(weekly([], 2)).toBe("FREQ=WEEKLY;INTERVAL=2");
  expect(daysOf("freq=weekly;byday=su,mo")).toEqual(["MO", "SU"]);
  expect(daysOf("FREQ=DAILY;BYDAY=SU")).toEqual([]);
});
