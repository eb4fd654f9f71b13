import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiError, del, get, post, withParams } from "./client";

function answers(body: string | null, init: ResponseInit = {}) {
  const fetched = vi.fn(async (_url: string, _init: RequestInit) => new Response(body, init));
  vi.stubGlobal("fetch", fetched);
  return fetched;
}

async function failure(promise: Promise<unknown>): Promise<ApiError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

afterEach(() => vi.unstubAllGlobals());

describe("get", () => {
  it("unwraps Prometheus' envelope, and leaves plain bodies alone", async () => {
    answers('{"status":"success","data":{"a":1}}');
    expect(await get("/x")).toEqual({ a: 1 });
    answers('[{"status":{"state":"active"}}]');
    expect(await get("/api/v2/alerts")).toEqual([{ status: { state: "active" } }]);
    answers('{"status":"ready","config":{}}');
    expect(await get("/x")).toEqual({ status: "ready", config: {} });
    answers("");
    expect(await get("/x")).toBeUndefined();
  });

  it("tells the message, the caret and a hint", async () => {
    const caret = "sum(\n    ^";
    answers('{"status":"error","errorType":"bad_data","error":"unclosed bracket"}', {
      status: 400,
      headers: { "plimsoll-caret": JSON.stringify(caret) },
    });
    const error = await failure(get("/api/v1/query"));
    expect([error.status, error.message, error.caret]).toEqual([400, "unclosed bracket", caret]);
    answers('{"status":"error","error":"busy"}', { status: 503 });
    expect((await failure(get("/x"))).hint).toContain("busy");
  });

  it("reads Alertmanager's errors, and those that are no JSON", async () => {
    answers('{"code":404,"message":"no such silence"}', { status: 404 });
    expect((await failure(get("/x"))).message).toBe("no such silence");
    answers('"at least one label pair required"', { status: 400 });
    expect((await failure(get("/x"))).message).toBe("at least one label pair required");
    answers("too large", { status: 413 });
    expect((await failure(get("/x"))).message).toBe("too large");
    answers("<html>proxy</html>", { status: 502 });
    expect((await failure(get("/x"))).message).toBe("the server answered with status 502");
    answers("<html>login</html>", { status: 200 });
    expect((await failure(get("/x?q=1"))).message).toBe("the server answered /x with something that is no JSON");
  });

  it("says when the server is away, and leaves aborts to the caller", async () => {
    vi.stubGlobal("fetch", async () => Promise.reject(new TypeError("failed")));
    const error = await failure(get("/x"));
    expect([error.status, error.message]).toEqual([0, "the server cannot be reached"]);
    vi.stubGlobal("fetch", async () => Promise.reject(new DOMException("gone", "AbortError")));
    await expect(get("/x")).rejects.toMatchObject({ name: "AbortError" });
  });

  it("is not misled by an error with status 200", async () => {
    answers('{"status":"error","error":"half of it failed"}');
    expect((await failure(get("/x"))).message).toBe("half of it failed");
  });
});

describe("requests", () => {
  it("escape and leave out", () => {
    expect(withParams("/x", { a: "b&c", none: undefined, also: null, many: ["1", 2], flag: false })).toBe(
      "/x?a=b%26c&many=1&many=2&flag=false",
    );
    expect(withParams("/x?a=1", { b: 2 })).toBe("/x?a=1&b=2");
    expect(withParams("/x", {})).toBe("/x");
  });

  it("send JSON", async () => {
    const fetched = answers('{"silenceID":"1"}');
    expect(await post("/api/v2/silences", { comment: "x" })).toEqual({ silenceID: "1" });
    expect(fetched.mock.calls[0]?.[1]).toMatchObject({ method: "POST", body: '{"comment":"x"}' });
    answers(null, { status: 200 });
    expect(await del("/api/v2/silence/1")).toBeUndefined();
  });
});
