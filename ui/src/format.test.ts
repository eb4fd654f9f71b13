import { describe, expect, it } from "vitest";
import { bytes, compact, formatter, number, percent, rate, seconds } from "./format";

describe("formats", () => {
  it("say so when nothing is known", () => {
    for (const format of [number, percent, bytes, seconds, compact, rate, formatter("req/s"), formatter("widgets")]) {
      expect([format(null), format(undefined), format(Number.NaN)]).toEqual(["no data", "no data", "no data"]);
    }
  });

  it("keep infinities apart from numbers", () => {
    expect(number(Number.POSITIVE_INFINITY)).toBe("+Inf");
    expect(seconds(Number.NEGATIVE_INFINITY)).toBe("-Inf");
    expect(percent(Number.POSITIVE_INFINITY)).toBe("+Inf %");
  });

  it("write numbers with what tells something", () => {
    const cases: [number, string][] = [
      [0, "0"],
      [1234567, "1,234,567"],
      [1234.5678, "1,235"],
      [12.3456, "12.35"],
      [0.00123456, "0.00123"],
      [-0.0000001, "-0.0000001"],
      [100, "100"],
    ];
    for (const [value, text] of cases) expect(number(value)).toBe(text);
    expect(number(1.5, 0)).toBe("2");
    expect(number(-0.001, 2)).toBe("0");
  });

  it("never round a broken promise to a kept one", () => {
    expect(percent(1)).toBe("100 %");
    expect(percent(0.9985)).toBe("99.85 %");
    expect(percent(0.999999)).toBe("99.999 %");
    expect(percent(0.9999999)).toBe("99.999 %");
    expect(percent(0.99999, 1)).toBe("99.9 %");
    expect(percent(0.0000001)).toBe("<0.01 %");
    expect(percent(0)).toBe("0 %");
    expect(percent(-0.46)).toBe("-46 %");
    expect(percent(0.123456, 2)).toBe("12.35 %");
  });

  it("choose the unit", () => {
    expect([0, 512, 1024, 1536, 1_048_575].map(bytes)).toEqual(["0 B", "512 B", "1 KiB", "1.5 KiB", "1 MiB"]);
    expect([0, 2.5e-9, 0.0000124, 0.0123, 1.25, 90, 7200, 172_800].map(seconds)).toEqual([
      "0 s",
      "2.5 ns",
      "12.4 us",
      "12.3 ms",
      "1.25 s",
      "1.5 min",
      "2 h",
      "2 d",
    ]);
    expect([999, 999.96, 12_345, 4.5e6].map(compact)).toEqual(["999", "1k", "12.3k", "4.5M"]);
    expect(rate(12.34)).toBe("12.3/s");
    expect(formatter("bytes/s")(2048)).toBe("2 KiB/s");
    expect(formatter("widgets")(3)).toBe("3 widgets");
  });
});
