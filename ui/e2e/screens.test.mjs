// Every screen with the demo's data: it shows its content, the console is silent, axe finds nothing serious.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, describe, it } from "node:test";
import { goTo, openPage, shoot, startBrowser } from "./support/browser.mjs";
import { ask, makeAnAlertFire, startDemo } from "./support/demo.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Path by name, and a text of the demo's data that must be there. */
function screens({ service, slo, alert }) {
  const fingerprint = alert.fingerprint;
  const name = alert.labels.alertname;
  return {
    now: ["/", name],
    services: ["/services", service],
    service: [`/services/${service}`, service],
    slos: ["/slos", slo.split("/")[1]],
    slo: [`/slos/${slo}`, "Burn rules"],
    alerts: ["/alerts", name],
    alert: [`/alerts?alert=${fingerprint}`, name],
    rules: ["/rules", "rules.yml"],
    routes: ["/routes", "webhook"],
    silences: ["/silences", "Silences"],
    silence: ["/silences?new=alertname%3D%22Nothing%22", "Who and why"],
    inhibitions: ["/inhibitions", "Inhibitions"],
    gateway: ["/gateway", service],
    endpoints: ["/gateway?tab=endpoints", "127.0.0.1"],
    limits: ["/gateway?tab=limits", "Retry"],
    tap: ["/gateway?tab=tap", "Tap"],
    explore: ["/explore?expr=sum%20by%20(job)%20(up)", "up"],
    table: ["/explore?expr=up&tab=table", "up"],
    metrics: ["/explore/metrics", "plimsoll_"],
    hosts: ["/hosts", "CPU"],
    targets: ["/system?tab=targets", "up"],
    storage: ["/system?tab=storage", "Series"],
    queries: ["/system?tab=queries", "Queries"],
    config: ["/system?tab=config", "prometheus.yml"],
    about: ["/system?tab=about", "Version"],
  };
}

describe("every screen", { timeout: 600_000 }, () => {
  let demo;
  let browser;
  let all;

  before(async () => {
    [demo, browser] = await Promise.all([startDemo(), startBrowser()]);
    const alert = await makeAnAlertFire(demo.url);
    const { slos } = await ask(demo.url, "/api/v1/slos");
    const [{ id: slo, service }] = slos;
    all = screens({ service, slo, alert });
  });

  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  for (const [theme, size] of [
    ["light", "desktop"],
    ["dark", "desktop"],
    ["light", "phone"],
  ]) {
    it(`shows its content, ${theme}, ${size}`, async () => {
      const { page, wrong, close } = await openPage(browser, demo.url, { theme, size });
      const found = [];
      for (const [name, [path, text]] of Object.entries(all)) {
        wrong.length = 0;
        try {
          await goTo(page, path);
          await page.locator("main").getByText(text).first().waitFor({ state: "attached" });
        } catch (error) {
          found.push(`${path} does not show ${text}: ${String(error).split("\n")[0]}`);
        }
        await shoot(page, `${name}-${theme}-${size}`);
        const findings = [...(await seriousFindings(page)), ...wrong];
        found.push(...findings.map((finding) => `${path}: ${finding}`));
        if (!(await fitsInWidth(page))) found.push(`${path} scrolls sideways`);
      }
      assert.deepEqual(found, []);
      await close();
    });
  }
});

/** What axe finds that keeps somebody from using the screen. */
async function seriousFindings(page) {
  // A content script of the test, not of the page: the policy forbids the page to make it.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
}

function fitsInWidth(page) {
  return page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth + 1);
}
