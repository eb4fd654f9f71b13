// A demo and a browser for all tests of a file.

import { after, before } from "node:test";
import { startBrowser } from "./browser.mjs";
import { startDemo } from "./demo.mjs";

/** Starts both before the first test and stops both after the last; the fields are there inside of tests only. */
export function world() {
  const shared = {};
  before(async () => {
    [shared.demo, shared.browser] = await Promise.all([startDemo(), startBrowser()]);
    shared.url = shared.demo.url;
  });
  after(async () => {
    await shared.browser?.close();
    await shared.demo?.stop();
  });
  return shared;
}
