// The real binary with the demo's data, and what tests ask it beside the browser.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const BINARY = process.env.PLIMSOLL_BINARY;
/** A shop in which nothing goes wrong by itself. */
const CALM = fileURLToPath(new URL("calm.yml", import.meta.url));
const START_MS = 60_000;
const WAIT_MS = 120_000;

/** Starts `plimsoll demo` on a free port and returns once it has said where the interface is. */
export async function startDemo() {
  if (!BINARY) throw new Error("PLIMSOLL_BINARY is not set: run cargo xtask ui --browse");
  const child = spawn(BINARY, ["demo", "--port", "0", "--story", CALM], { stdio: ["ignore", "pipe", "pipe"] });
  const said = [];
  createInterface({ input: child.stderr }).on("line", (line) => said.push(line));
  const url = await firstUrl(child, said);
  return {
    url,
    pid: child.pid,
    /** What it said, for a test that failed. */
    said: () => said.slice(-40).join("\n"),
    async stop() {
      if (child.exitCode !== null) return;
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    },
  };
}

function firstUrl(child, said) {
  return new Promise((found, failed) => {
    const late = setTimeout(() => failed(new Error(`no URL in ${START_MS} ms:\n${said.join("\n")}`)), START_MS);
    createInterface({ input: child.stdout }).on("line", (line) => {
      const url = /https?:\/\/[^\s/]+/.exec(line)?.[0];
      if (url) {
        clearTimeout(late);
        found(url);
      }
    });
    child.once("exit", (code) => {
      clearTimeout(late);
      failed(new Error(`ended with ${code}:\n${said.join("\n")}`));
    });
  });
}

/** Asks the API; the answer's data, or the body where there is no envelope. */
export async function ask(url, path, options) {
  const answer = await fetch(url + path, options);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  const body = text === "" ? null : JSON.parse(text);
  return body?.status === "success" ? body.data : body;
}

export function post(url, path, body) {
  const headers = { "content-type": "application/json" };
  return ask(url, path, { method: "POST", headers, body: JSON.stringify(body) });
}

/** Waits until something is true; what it returns is passed on. */
export async function until(what, holds, limit = WAIT_MS) {
  const end = Date.now() + limit;
  let last;
  while (Date.now() < end) {
    try {
      const found = await holds();
      if (found) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await new Promise((wake) => setTimeout(wake, 200));
  }
  throw new Error(`${what} did not come in ${limit} ms`, { cause: last });
}

/** Breaks a route of the gateway until an alert fires, and returns that alert as /api/v2 has it. */
export async function makeAnAlertFire(url) {
  const { routes } = await ask(url, "/api/v1/gateway/routes");
  const broken = { order: "fault", abort: 500, share: 0.9, for: "30m" };
  for (const { name } of routes) await post(url, "/api/v1/gateway/orders", { ...broken, route: name });
  return until("a firing alert", async () => {
    const alerts = await ask(url, "/api/v2/alerts?silenced=false&inhibited=false");
    return alerts.find((alert) => alert.status.state === "active");
  });
}
