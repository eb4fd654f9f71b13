import { expect, test } from "vitest";
import { filterOf } from "./tap-lines";
import { addressOf, explainUrl, tapCommand } from "./tap-words";

test("a filter as a command", () => {
  const filter = filterOf(new URLSearchParams("route=shop&class=5xx&class=499&path_prefix=/a b&at_least=1s"));
  expect(tapCommand(filter)).toBe(
    "plimsoll gateway tap --route shop --class 5xx --class 499 --path '/a b' --at-least 1s",
  );
  expect(tapCommand(filterOf(new URLSearchParams()))).toBe("plimsoll gateway tap");
});

test("what strangers wrote cannot leave its word", () => {
  const filter = filterOf(new URLSearchParams({ path_prefix: "/'; rm -rf ~; '" }));
  expect(tapCommand(filter)).toBe(String.raw`plimsoll gateway tap --path '/'\''; rm -rf ~; '\'''`);
});

test("addresses without their ports", () => {
  expect(addressOf("10.0.0.7:1234")).toBe("10.0.0.7");
  expect(addressOf("[2001:db8::1]:443")).toBe("2001:db8::1");
  expect(addressOf("2001:db8::1")).toBe("2001:db8::1");
  expect(addressOf("unknown")).toBe("unknown");
});

test("a request leads to what would become of it, and its path stays a parameter", () => {
  const url = explainUrl({
    method: "POST",
    host: "",
    path: "/a?tab=x&q.path=/b#c",
    client: "[::1]:80",
    listener: "web",
  });
  const query = new URL(url, "http://localhost").searchParams;
  expect(query.getAll("tab")).toEqual(["explain"]);
  expect(query.getAll("q.path")).toEqual(["/a?tab=x&q.path=/b#c"]);
  expect(query.get("q.client")).toBe("::1");
  expect(query.has("q.host")).toBe(false);
});
