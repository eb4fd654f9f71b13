import { expect, test } from "vitest";
import { reload } from "./reload";

const answering = (status: number, body: string) => () => Promise.resolve(new Response(body, { status }));

test("what was read is in force, with what waits for a restart", async () => {
  expect(await reload(answering(200, ""))).toEqual({ ok: true, title: "It was read and is in force.", text: "" });
  const noted = await reload(answering(200, "storage.path waits for a restart\n"));
  expect(noted).toMatchObject({ ok: true, text: "storage.path waits for a restart" });
});

test("what is refused is told with its place", async () => {
  const text = "rules.yml:1:39: error: unknown field `exprr`\n  |\n1 | exprr\n  | ^^^^^ did you mean `expr`?";
  const refused = await reload(answering(400, `${text}\n`));
  expect(refused).toEqual({ ok: false, title: "It was refused. What was read before stays in force.", text });
});

test("a server that is busy or gone is not a refusal", async () => {
  const busy = await reload(answering(503, "another reload is under way, try again\n"));
  expect(busy).toMatchObject({ ok: false, text: "another reload is under way, try again" });
  expect(busy.title).toContain("503");
  const gone = await reload(() => Promise.reject(new TypeError("failed to fetch")));
  expect(gone.ok).toBe(false);
  expect(gone.title).toContain("cannot be reached");
});

test("an answer without an end is cut", async () => {
  expect((await reload(answering(400, "x".repeat(100_000)))).text).toHaveLength(20_000);
});
