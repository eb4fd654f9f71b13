import { describe, expect, test } from "vitest";
import {
  command,
  durationSeconds,
  type FaultForm,
  faultOrder,
  isDangerous,
  maintenanceOrder,
  meaning,
  type Order,
  whole,
} from "./orders";

const FORM: FaultForm = { kind: "delay", delay: "200ms", status: "503", share: "10", header: "", lasts: "10m" };

describe("faults", () => {
  test("a delay of a share for a time", () => {
    const { order, wrong } = faultOrder("checkout", FORM);
    expect(wrong).toEqual({});
    expect(order).toEqual({ order: "fault", route: "checkout", for: "10m", share: 0.1, delay: "200ms" });
    expect(order && command(order)).toBe("plimsoll gateway fault checkout --delay 200ms --share 10 --for 10m");
    expect(order && meaning(order)).toBe("10 % of requests wait 200ms before they go on. It ends by itself after 10m.");
  });

  test("have one effect, whatever stands in the fields of the others", () => {
    expect(faultOrder("r", { ...FORM, kind: "abort", share: "100" }).order).toEqual({
      order: "fault",
      route: "r",
      for: "10m",
      abort: 503,
    });
    expect(faultOrder("r", { ...FORM, kind: "reset", share: "100", delay: "nonsense" }).order).toEqual({
      order: "fault",
      route: "r",
      for: "10m",
      reset: true,
    });
  });

  test("of requests with a header, with a value of it or any", () => {
    expect(faultOrder("r", { ...FORM, header: "x-test: a: b" }).order?.header).toEqual({
      name: "x-test",
      value: "a: b",
    });
    const any = faultOrder("r", { ...FORM, header: "x-test" }).order;
    expect(any?.header).toEqual({ name: "x-test" });
    expect(any && command(any)).toContain("--header x-test ");
  });

  test.each([
    [{ lasts: "" }, "lasts"],
    [{ lasts: "soon" }, "lasts"],
    [{ lasts: "2d" }, "lasts"],
    [{ lasts: "0s" }, "lasts"],
    [{ share: "" }, "share"],
    [{ share: "0" }, "share"],
    [{ share: "101" }, "share"],
    [{ share: "a lot" }, "share"],
    [{ delay: "6m" }, "delay"],
    [{ delay: "" }, "delay"],
    [{ kind: "abort" as const, status: "200" }, "status"],
    [{ kind: "abort" as const, status: "5e2" }, "status"],
  ])("%j is refused at its field", (change, field) => {
    const { order, wrong } = faultOrder("r", { ...FORM, ...change });
    expect(order).toBeUndefined();
    expect(Object.keys(wrong)).toEqual([field]);
  });
});

describe("maintenance", () => {
  test("answers with a status and a text", () => {
    const { order } = maintenanceOrder("shop", "503", "back at noon");
    expect(order).toEqual({ order: "maintenance", route: "shop", status: 503, body: "back at noon" });
    expect(order && command(order)).toBe("plimsoll gateway maintenance shop on --status 503 --body 'back at noon'");
  });
  test("refuses what the gateway would refuse", () => {
    expect(maintenanceOrder("shop", "99", "").wrong).toHaveProperty("status");
    expect(maintenanceOrder("shop", "503", "\u00e4".repeat(40_000)).wrong).toHaveProperty("body");
  });
});

describe("the same as a command", () => {
  const at = { backend: "checkout", endpoint: "10.0.0.7:8000" };
  test.each<[Order, string]>([
    [{ order: "drain", ...at }, "drain checkout 10.0.0.7:8000"],
    [{ order: "undrain", ...at }, "undrain checkout 10.0.0.7:8000"],
    [{ order: "force_down", ...at }, "force checkout 10.0.0.7:8000 down"],
    [{ order: "force_up", ...at }, "force checkout 10.0.0.7:8000 up"],
    [{ order: "auto", ...at }, "force checkout 10.0.0.7:8000 auto"],
    [{ order: "pardon", ...at }, "force checkout 10.0.0.7:8000 pardon"],
    [{ order: "weight", ...at, weight: 5 }, "weight checkout 10.0.0.7:8000 5"],
    [{ order: "end_maintenance", route: "shop" }, "maintenance shop off"],
    [{ order: "end_faults", route: "shop" }, "fault shop --end"],
  ])("%j", (order, said) => {
    expect(command(order)).toBe(`plimsoll gateway ${said}`);
  });

  test("names of strangers cannot leave their word", () => {
    const order: Order = { order: "drain", backend: "$(rm -rf ~)", endpoint: "it's; ls" };
    expect(command(order)).toBe("plimsoll gateway drain '$(rm -rf ~)' 'it'\\''s; ls'");
    expect(command({ order: "end_faults", route: "" })).toBe("plimsoll gateway fault '' --end");
  });
});

test("orders that may hurt are told apart", () => {
  const at = { backend: "b", endpoint: "e" };
  expect(isDangerous({ order: "drain", ...at })).toBe(true);
  expect(isDangerous({ order: "weight", ...at, weight: 0 })).toBe(true);
  expect(isDangerous({ order: "weight", ...at, weight: 1 })).toBe(false);
  expect(isDangerous({ order: "undrain", ...at })).toBe(false);
  expect(isDangerous({ order: "end_faults", route: "r" })).toBe(false);
});

test("durations are read as the server reads them", () => {
  expect(durationSeconds("1m30s")).toBe(90);
  expect(durationSeconds("200ms")).toBeCloseTo(0.2);
  expect(durationSeconds("1d")).toBe(86_400);
  expect(durationSeconds("5m10ms")).toBeCloseTo(300.01);
  for (const text of ["", "m", "1", "1.5h", "30s1m", "-1m", "1 m"]) expect(durationSeconds(text)).toBeNull();
});

test("whole numbers within bounds", () => {
  expect(whole(" 7 ", 0, 10)).toBe(7);
  for (const text of ["", "1e1", "-1", "11", "0x5", "3.0", "99999999999"]) expect(whole(text, 0, 10)).toBeNull();
});
