// What an engineer does at 03:00, and a newcomer on the first day, with the keyboard alone.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { goTo, openPage } from "./support/browser.mjs";
import { ask, makeAnAlertFire, until } from "./support/demo.mjs";
import { world } from "./support/world.mjs";

describe("keyboard", { timeout: 300_000 }, () => {
  const shared = world();

  it("leads from Home to the cause of a firing alert", async () => {
    const alert = await makeAnAlertFire(shared.url);
    const { page, wrong, close } = await openPage(shared.browser, shared.url);
    await goTo(page, "/");
    await page.keyboard.press("g");
    await page.keyboard.press("a");
    await page.waitForURL(/\/alerts/);
    await page.locator("main").getByText(alert.labels.alertname).first().waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    const drawer = page.getByRole("complementary", { name: alert.labels.alertname });
    await drawer.waitFor();
    // Why it fires and who was told: a decision with its inputs, and the receiver.
    await drawer.getByText(/would/i).first().waitFor();
    await drawer.getByText(/told/i).first().waitFor();
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "hidden" });
    assert.deepEqual(wrong, []);
    await close();
  });

  it("finds anything with the palette, and says which keys there are", async () => {
    const { page, wrong, close } = await openPage(shared.browser, shared.url);
    await goTo(page, "/");
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.type("silen");
    await page
      .getByRole("option", { name: /silences/i })
      .first()
      .waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/silences/);
    await page.locator("main h1").waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).getByText("search anything").first().waitFor();
    await page.keyboard.press("Escape");
    assert.deepEqual(wrong, []);
    await close();
  });

  it("never traps the focus: Tab goes through every screen and comes around", async () => {
    const { page, close } = await openPage(shared.browser, shared.url);
    for (const path of ["/", "/alerts", "/slos", "/explore?expr=up"]) {
      await goTo(page, path);
      const seen = new Set();
      let steps = 0;
      for (; steps < 600; steps += 1) {
        await page.keyboard.press("Tab");
        const at = await page.evaluate(() => {
          const deepest = (root) =>
            root.activeElement?.shadowRoot ? deepest(root.activeElement.shadowRoot) : root.activeElement;
          const element = deepest(document);
          if (!element || element === document.body) return null;
          element.dataset.met ??= String(Math.random());
          return element.dataset.met;
        });
        if (at === null || (seen.has(at) && seen.size > 1 && at === [...seen][0])) break;
        if (at !== null && seen.has(at) && [...seen].at(-1) === at) {
          // An editor takes Tab at first; Escape lets go of it.
          await page.keyboard.press("Escape");
        }
        seen.add(at);
      }
      assert.ok(steps < 600, `${path}: Tab does not come around`);
      assert.ok(seen.size > 5, `${path}: only ${seen.size} places have the focus`);
    }
    await close();
  });
});

describe("what is changed in the interface", { timeout: 300_000 }, () => {
  const shared = world();

  it("a silence that is made mutes", async () => {
    const alert = await makeAnAlertFire(shared.url);
    const { page, wrong, close } = await openPage(shared.browser, shared.url);
    const matcher = `alertname="${alert.labels.alertname}"`;
    await goTo(page, `/silences?new=${encodeURIComponent(matcher)}`);
    const editor = page.getByRole("form", { name: /silence/i });
    await page.locator("main aside, main section").getByText(alert.labels.alertname).first().waitFor();
    await editor.getByLabel("Why", { exact: true }).fill("known, the disk is on its way");
    await editor.getByLabel("By", { exact: true }).fill("ann");
    await editor
      .getByRole("button", { name: /silence|create|save/i })
      .first()
      .click();
    await until("the alert to be suppressed", async () => {
      const all = await ask(shared.url, `/api/v2/alerts?filter=${encodeURIComponent(matcher)}`);
      return all.length > 0 && all.every(({ status }) => status.state === "suppressed");
    });
    const [silence] = await ask(shared.url, "/api/v2/silences");
    assert.equal(silence.createdBy, "ann");
    await goTo(page, "/alerts");
    await page
      .locator("main")
      .getByText(/silenced/i)
      .first()
      .waitFor();
    assert.deepEqual(wrong, []);
    await close();
  });

  it("what-if shows other numbers for another objective", async () => {
    const { slos } = await ask(shared.url, "/api/v1/slos");
    const { page, wrong, close } = await openPage(shared.browser, shared.url);
    await goTo(page, `/slos/${slos[0].id}`);
    const slider = page.getByRole("slider").first();
    const section = page.locator("section, [role=region]").filter({ has: slider }).last();
    const numbers = async () => (await section.textContent()).match(/[\d.]+ ?%/g)?.join(" ");
    await until("first numbers", numbers);
    const before = await numbers();
    await slider.focus();
    for (let step = 0; step < 4; step += 1) await page.keyboard.press("ArrowRight");
    await until("other numbers", async () => {
      const now = await numbers();
      return now && now !== before;
    });
    assert.deepEqual(wrong, []);
    await close();
  });
});

describe("the editor", { timeout: 300_000 }, () => {
  const shared = world();

  it("completes, draws, and shows where a query is wrong", async () => {
    const metric = "plimsoll_gateway_requests_total";
    await until("enough to draw", async () => {
      const query = encodeURIComponent(`count_over_time(${metric}[5m]) > 4`);
      return (await ask(shared.url, `/api/v1/query?query=${query}`)).result.length > 0;
    });
    const { page, wrong, close } = await openPage(shared.browser, shared.url);
    await goTo(page, "/explore");
    const editor = page.locator(".cm-content").first();
    await editor.click();
    await page.keyboard.type("plimsoll_gateway_requests_t");
    await page
      .getByRole("option", { name: /plimsoll_gateway_requests_total/ })
      .first()
      .waitFor();
    // By the mouse: the editor takes no Enter in the first moment of a list.
    await page.getByRole("option", { name: metric }).first().click();
    await page.keyboard.press("Home");
    await page.keyboard.type("sum(rate(");
    await page.keyboard.press("End");
    await page.keyboard.type("[1m]))");
    // Completion may be open, which Enter would take.
    await page.keyboard.press("Control+Enter");
    await page.locator("main canvas").first().waitFor();
    assert.deepEqual(wrong, []);
    await goTo(page, `/explore?expr=${encodeURIComponent("sum(rate(up[5m])")}`);
    // The caret stands below the place, and the words say what was expected.
    await page.locator("main").getByText("^").first().waitFor();
    await close();
  });
});
