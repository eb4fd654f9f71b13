import { describe, expect, it } from "vitest";
import {
  compiled,
  formatMatchers,
  fromLabels,
  MatcherError,
  matcher,
  matches,
  parseMatchers,
  toggled,
} from "./matchers";

describe("matchers are read", () => {
  const check = (text: string, expected: string) => {
    expect(formatMatchers(parseMatchers(text)), text).toBe(expected);
  };

  it("with and without braces and quotes", () => {
    check('severity="page"', 'severity="page"');
    check('{severity="page",team=~"a|b"}', 'severity="page",team=~"a|b"');
    check("severity=page, team!=db ,x!~y.*", 'severity="page",team!="db",x!~"y.*"');
    check("a=b c", 'a="b c"');
    check("{}", "");
    check(" ", "");
    check('{a="b",}', 'a="b"');
  });

  it("a word alone is the name of an alert", () => {
    check("DiskFull", 'alertname="DiskFull"');
  });

  it("names and values in quotes may hold anything", () => {
    check('"my label"="x, y}"', '"my label"="x, y}"');
    check('path="a\\"b\\\\c\\nd"', 'path="a\\"b\\\\c\\nd"');
    check('a="\\u00e4\\x41"', 'a="\u00e4A"');
    check('a="\\d"', 'a="\\\\d"');
    check('evil="<img src=x onerror=alert(1)>"', 'evil="<img src=x onerror=alert(1)>"');
  });

  it("says what is wrong, and where", () => {
    const wrong = (text: string, part: string, at: number) => {
      const read = () => parseMatchers(text);
      expect(read, text).toThrow(part);
      try {
        read();
      } catch (error) {
        expect(error).toBeInstanceOf(MatcherError);
        expect((error as MatcherError).at, text).toBe(at);
      }
    };
    wrong("a=b, severity page", "expected one of =, !=, =~, !~", 14);
    wrong('a="b', "never closed", 2);
    wrong('{a="b"', "a comma or }", 6);
    wrong('a="b" c="d"', "a comma or the end", 6);
    wrong("a=~(", "no regular expression", 3);
    wrong("=b", "the name of a label", 0);
    wrong('a="b"}', "the end", 5);
    wrong('a=b"c', "in quotes", 3);
  });

  it("what is written is read back", () => {
    const labels = { alertname: 'quote " \\ \n', "with space": "{}", empty: "", ä: "日本" };
    expect(parseMatchers(formatMatchers(fromLabels(labels)))).toEqual(fromLabels(labels));
  });
});

describe("matchers match", () => {
  const labels = { alertname: "Down", job: "db-1", note: "a\nb" };
  const check = (text: string, expected: boolean) => {
    expect(
      parseMatchers(`{${text}}`).every((one) => matches(one, labels)),
      text,
    ).toBe(expected);
  };

  it("whole values, as Prometheus", () => {
    check('job="db-1"', true);
    check('job=~"db"', false);
    check('job=~"db.*"', true);
    check('job!~"db"', true);
    check('job!="db-1"', false);
    check('note=~"a.b"', true);
    check('job=~"(?i)DB-1"', true);
    check('job=~"(?P<name>db)-1"', true);
    check('job=~"web|db-1"', true);
  });

  it("a label that is not there counts as empty", () => {
    check('team=""', true);
    check('team!=""', false);
    check('team=~".*"', true);
    check('constructor=""', true);
  });

  it("an expression that cannot be compiled matches nothing", () => {
    expect(compiled("(")).toBeNull();
    expect(matches({ name: "job", value: "(", isRegex: true, isEqual: true }, labels)).toBe(false);
  });
});

it("a condition is added once, taken away the second time, and replaces its opposite", () => {
  const one = matcher("job", "=", "db");
  const once = toggled([], one);
  expect(formatMatchers(once)).toBe('job="db"');
  expect(toggled(once, one)).toEqual([]);
  expect(formatMatchers(toggled(once, matcher("job", "!=", "db")))).toBe('job!="db"');
});
