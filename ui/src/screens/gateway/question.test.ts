import { expect, test } from "vitest";
import { explainCommand, parametersOfQuestion, questionOf } from "./question";

test("an address without a path asks nothing", () => {
  expect(questionOf(new URLSearchParams("tab=explain&path=/x"))).toBeNull();
});

test("what is not said is left to the server", () => {
  const question = questionOf(new URLSearchParams("q.path=/checkout/a b&q.header=x-a: 1&q.header= "));
  if (!question) throw new Error("a question");
  expect(Object.fromEntries(parametersOfQuestion(question))).toEqual({
    method: "GET",
    path: "/checkout/a b",
    header: "x-a: 1",
  });
  expect(explainCommand(question)).toBe("plimsoll gateway explain '/checkout/a b' -H 'x-a: 1'");
});

test("everything that is said", () => {
  const query = new URLSearchParams(
    "q.method=POST&q.host=shop.example&q.path=pay&q.client=10.0.0.1&q.listener=web&q.header=a: b&q.header=c: d",
  );
  const question = questionOf(query);
  if (!question) throw new Error("a question");
  expect(parametersOfQuestion(question).getAll("header")).toEqual(["a: b", "c: d"]);
  expect(explainCommand(question)).toBe(
    "plimsoll gateway explain -X POST http://shop.example/pay -H 'a: b' -H 'c: d' --client 10.0.0.1 --listener web",
  );
});
