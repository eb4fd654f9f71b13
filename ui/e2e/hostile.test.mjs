// Strangers write labels, annotations, names and paths: none of it may ever run.

import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { openPage } from "./support/browser.mjs";
import { ask, post, until } from "./support/demo.mjs";
import { world } from "./support/world.mjs";

const MARKUP = `<img src=x onerror="window.hit=1"><script>window.hit=2</script>`;
const LINK = "javascript:window.hit=3";

describe("what strangers write", { timeout: 300_000 }, () => {
  const shared = world();

  it("is shown and does not run", async () => {
    const { url } = shared;
    const now = new Date().toISOString();
    await post(url, "/api/v2/alerts", [
      {
        labels: { alertname: MARKUP, severity: "page", instance: MARKUP, service: MARKUP },
        annotations: { summary: MARKUP, description: MARKUP, runbook_url: LINK, dashboard: LINK },
        startsAt: now,
        generatorURL: "http://127.0.0.1/graph?g0.expr=%3Cscript%3Ewindow.hit%3D4%3C/script%3E",
      },
    ]);
    const escaped = MARKUP.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
    const sample = `hostile{job="${escaped}",path="${escaped}"} 1 ${Date.now()}\n`;
    await ask(url, "/api/v1/import/prometheus", { method: "POST", body: sample });
    const silence = {
      matchers: [{ name: "alertname", value: `${MARKUP}.`, isEqual: true, isRegex: false }],
      startsAt: now,
      endsAt: new Date(Date.now() + 3_600_000).toISOString(),
      createdBy: MARKUP,
      comment: MARKUP,
    };
    await post(url, "/api/v2/silences", silence);
    const alert = await until("the alert", async () => {
      const alerts = await ask(url, "/api/v2/alerts");
      return alerts.find(({ labels }) => labels.alertname === MARKUP);
    });
    const { page, wrong, close } = await openPage(shared.browser, url);
    const paths = [
      "/",
      "/alerts",
      `/alerts?alert=${alert.fingerprint}`,
      "/silences",
      `/services/${encodeURIComponent(MARKUP)}`,
      "/explore?expr=hostile&tab=table",
      "/explore?expr=hostile",
      `/explore?expr=${encodeURIComponent(MARKUP)}`,
      "/explore/metrics",
      "/routes",
      "/system",
      `/${encodeURIComponent(MARKUP)}`,
    ];
    for (const path of paths) {
      const answer = await page.goto(path);
      // A path that is no screen is answered by the server itself, in plain text.
      if (answer?.status() === 404) assert.match(answer.headers()["content-type"], /text\/plain/);
      else await page.locator("main h1").first().waitFor();
      await page.waitForFunction(() => !document.querySelector("main [aria-busy=true]"));
      assert.equal(await page.evaluate(() => window.hit), undefined, path);
      const links = await page.locator("a[href^='javascript' i]").count();
      assert.equal(links, 0, `${path} has a link that runs`);
    }
    // A wrong query and a service that is not there are answered 400 and 404, which Chromium notes; nothing else may be there.
    const unexpected = wrong.filter((line) => !/status of (400|404)/.test(line));
    assert.deepEqual(unexpected, []);
    await close();
  });

  it("cannot leave the folder of the interface", async () => {
    const { hostname, port } = new URL(shared.url);
    for (const path of [
      "/../../etc/passwd",
      "/assets/../../../etc/passwd",
      "/%2e%2e/%2e%2e/etc/passwd",
      "/assets/..%2f..%2f..%2fetc%2fpasswd",
      "/assets/..\\..\\etc\\passwd",
      "/assets/%00",
      "//etc/passwd",
    ]) {
      const answer = await raw(hostname, Number(port), path);
      assert.doesNotMatch(answer, /root:/, path);
      assert.match(answer, /^HTTP\/1\.1 (400|404)/, path);
    }
  });

  it("meets a policy that lets nothing in", async () => {
    const answer = await fetch(shared.url, { headers: { accept: "text/html" } });
    const policy = answer.headers.get("content-security-policy");
    assert.match(policy, /default-src 'self'/);
    assert.doesNotMatch(policy, /unsafe|data:|https?:|\*/);
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
  });
});

/** Sends a path as it is: clients would tidy it up. */
function raw(host, port, path) {
  return new Promise((answered, failed) => {
    const socket = connect(port, host, () => {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nAccept: text/html\r\nConnection: close\r\n\r\n`);
    });
    let text = "";
    socket.on("data", (bytes) => {
      text += bytes;
    });
    socket.on("end", () => answered(text));
    socket.on("error", failed);
  });
}
