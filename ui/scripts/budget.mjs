// Fails when the first page became too heavy, or could load or run what the policy of the pages forbids.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";

/** Entry and everything that Home needs, compressed. */
const CORE_MAX = 60 * 1024;
const HOME = "src/screens/now/now.tsx";

const dist = resolve(process.argv[2] ?? "dist");
const failures = [];
const manifestPath = join(dist, ".vite", "manifest.json");
if (!existsSync(manifestPath)) {
  console.error(`${manifestPath} is not there: run \`npm run build\` first`);
  process.exit(2);
}
const manifest = JSON.parse(readFileSync(manifestPath, "utf8"));

/** The files that a chunk needs before it runs: itself, what it imports, and their styles. */
function filesOf(key, seen = new Set()) {
  const chunk = manifest[key];
  if (chunk === undefined || seen.has(key)) return new Set();
  seen.add(key);
  const files = new Set([chunk.file, ...(chunk.css ?? [])]);
  for (const imported of chunk.imports ?? []) for (const file of filesOf(imported, seen)) files.add(file);
  return files;
}

const sizes = new Map();
function sizeOf(file) {
  if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(join(dist, file)), { level: 9 }).length);
  return sizes.get(file);
}

const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1).padStart(7)} kB`;
const core = new Set([...filesOf("index.html"), ...filesOf(HOME)]);
if (manifest[HOME] === undefined) failures.push(`the manifest has no ${HOME}: Home was not counted`);
const total = [...core].reduce((sum, file) => sum + sizeOf(file), sizeOf("index.html"));

const assets = readdirSync(join(dist, "assets")).map((name) => `assets/${name}`);
for (const file of assets.sort((left, right) => sizeOf(right) - sizeOf(left))) {
  console.log(`${kilobytes(sizeOf(file))}  ${core.has(file) ? "core" : "    "}  ${file}`);
}
console.log(`${kilobytes(total)}  of ${CORE_MAX / 1024} kB: entry and Home, gzip`);
if (total > CORE_MAX) failures.push(`entry and Home weigh ${kilobytes(total).trim()}, more than ${CORE_MAX / 1024} kB`);

const html = readFileSync(join(dist, "index.html"), "utf8");
const forbidden = [
  [/(?:src|href|action)\s*=\s*["']?\s*(?:https?:)?\/\//i, "loads something from another host"],
  [/<script(?![^>]*\ssrc=)[^>]*>/i, "has an inline script"],
  [/<style[\s>]/i, "has inline styles"],
  [/\sstyle\s*=/i, "has a style attribute"],
  [/\son[a-z]+\s*=/i, "has an inline handler"],
];
for (const [pattern, what] of forbidden) if (pattern.test(html)) failures.push(`index.html ${what}`);

for (const file of assets) {
  const text = readFileSync(join(dist, file), "utf8");
  if (file.endsWith(".css")) {
    if (/url\(\s*["']?(?:data:|https?:|\/\/)/i.test(text))
      failures.push(`${file} loads an image or font that the policy forbids`);
    if (/@import/i.test(text)) failures.push(`${file} imports other styles`);
  }
  if (/\beval\(|\bnew Function\(/.test(text)) failures.push(`${file} evaluates text`);
  if (/\b(?:import|fetch|importScripts)\(\s*["'`]https?:/.test(text))
    failures.push(`${file} loads something from another host`);
  if (/sourceMappingURL=/.test(text)) failures.push(`${file} names a source map`);
}

for (const failure of failures) console.error(`FAILED: ${failure}`);
process.exit(failures.length === 0 ? 0 : 1);
