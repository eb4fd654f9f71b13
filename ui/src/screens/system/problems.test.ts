import { expect, test } from "vitest";
import { problems } from "./problems";
import type { RuntimeInfo, StoreStatus, Target } from "./types";

const target = (health: Target["health"], instance: string) =>
  ({ health, labels: { instance }, scrapeUrl: `http://${instance}` }) as unknown as Target;

const STORE = {
  durability: { mode: "group", freeBytesReserve: 64 << 20, writes: [] },
  recovery: { isClean: true },
  quarantined: [],
  refusal: null,
  freeBytes: 10 ** 12,
} as unknown as StoreStatus;

test("nothing is wrong with a server that is well, or of which nothing is known", () => {
  expect(problems({})).toEqual([]);
  const runtime = { reloadConfigSuccess: true } as RuntimeInfo;
  expect(problems({ targets: [target("up", "a")], store: STORE, runtime, alertsDropped: 0, sendErrors: 0 })).toEqual(
    [],
  );
  expect(problems({ alertsDropped: null, sendErrors: null })).toEqual([]);
});

test("targets that are down are a warning, all of them critical", () => {
  expect(problems({ targets: [target("down", "db:1"), target("up", "b")] })).toEqual([
    { kind: "warning", text: "1 target is down: db:1.", tab: "targets" },
  ]);
  expect(problems({ targets: [target("down", "a"), target("down", "b")] })[0]).toMatchObject({
    kind: "critical",
    text: "2 targets are down.",
  });
});

test("what loses data comes first", () => {
  const found = problems({
    targets: [target("down", "a"), target("up", "b")],
    store: { ...STORE, refusal: "less than 64 MiB are free", quarantined: [{}] } as unknown as StoreStatus,
    runtime: { reloadConfigSuccess: false } as RuntimeInfo,
    alertsDropped: 2.9,
  });
  expect(found.map((one) => one.kind)).toEqual(["critical", "critical", "critical", "critical", "warning"]);
  expect(found[0]?.text).toBe("Writes are refused: less than 64 MiB are free.");
  expect(found[3]?.text).toBe("3 alerts were lost on the way to an Alertmanager in the last hour.");
});

test("a disk that fills is told before writes are refused, once", () => {
  const filling = { ...STORE, freeBytes: 100 << 20 };
  expect(problems({ store: filling })[0]).toMatchObject({ kind: "warning", tab: "storage" });
  expect(problems({ store: { ...filling, refusal: "full" } })).toHaveLength(1);
  expect(problems({ store: { ...STORE, freeBytes: null } })).toEqual([]);
});
