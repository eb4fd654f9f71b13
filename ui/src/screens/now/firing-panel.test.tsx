import { render } from "preact";
import { expect, it } from "vitest";
import { FiringPanel } from "./firing-panel";

const HOSTILE = `"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`;

it("shows texts from anywhere as texts, and follows no address that runs", () => {
  const place = document.createElement("div");
  document.body.append(place);
  const alert = {
    id: HOSTILE,
    name: HOSTILE,
    labels: { severity: "page", [HOSTILE]: HOSTILE },
    since: "2026-11-22T09:00:00Z",
    summary: HOSTILE,
    runbook: "javascript:window.hacked=1",
  };
  const other = { ...alert, id: "b", name: "b", runbook: "https://runbooks.example/b" };
  render(<FiringPanel firing={{ data: [alert, other], isLoading: false, again: () => undefined }} />, place);
  expect(place.querySelector("img, script")).toBeNull();
  expect(place.textContent).toContain(HOSTILE);
  const addresses = [...place.querySelectorAll("a")].map((link) => link.getAttribute("href") ?? "");
  expect(addresses).toContain("https://runbooks.example/b");
  expect(addresses.filter((address) => !/^(\/(?!\/)|https:)/.test(address))).toEqual([]);
  expect("hacked" in window).toBe(false);
});

it("says that nothing fires", () => {
  const place = document.createElement("div");
  render(<FiringPanel firing={{ data: [], isLoading: false, again: () => undefined }} />, place);
  expect(place.textContent).toContain("Nothing fires.");
});
