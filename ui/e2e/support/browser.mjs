// Debian's Chromium, and what every page must keep: no error in the console, nothing refused by the policy.

import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

export const SIZES = {
  desktop: { width: 1440, height: 900 },
  phone: { width: 390, height: 844 },
};

/** Where screenshots go: outside of the tree. */
export const SHOTS = process.env.PLIMSOLL_SHOTS ?? join(tmpdir(), "plimsoll-screens");

export async function startBrowser() {
  await mkdir(SHOTS, { recursive: true });
  // Tests run as root in the gate, where Chromium's own sandbox cannot start.
  return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

/** Opens a page that collects what went wrong in it. */
export async function openPage(browser, url, { theme = "light", size = "desktop" } = {}) {
  const context = await browser.newContext({
    viewport: SIZES[size],
    colorScheme: theme,
    reducedMotion: "reduce",
    baseURL: url,
  });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") wrong.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => wrong.push(`exception: ${error.stack ?? error}`));
  page.on("dialog", (dialog) => {
    wrong.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
    });
  });
  return { page, wrong, close: () => context.close() };
}

/** Goes to a screen and waits until it shows its content: a heading, and nothing that is still loading. */
export async function goTo(page, path) {
  await page.goto(path);
  await page.locator("main h1").first().waitFor({ timeout: 10_000 });
  await page.waitForFunction(() => !document.querySelector("main [aria-busy=true]"), undefined, { timeout: 20_000 });
}

export function shoot(page, name) {
  return page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
}
