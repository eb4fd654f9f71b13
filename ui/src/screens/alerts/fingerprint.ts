// The number by which Alertmanager names a label set: 64 bits of FNV-1a over names and values in order, as 16 digits.
// The server tells it for alerts that are routed; a pending one has none there, and its link needs one all the same.

import type { LabelSet } from "./types";

const OFFSET = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;
const MASK = 0xffffffffffffffffn;

export function fingerprint(labels: LabelSet): string {
  const encoder = new TextEncoder();
  let hash = OFFSET;
  const put = (byte: number) => {
    hash = ((hash ^ BigInt(byte)) * PRIME) & MASK;
  };
  for (const name of Object.keys(labels).sort()) {
    encoder.encode(name).forEach(put);
    put(0xff);
    encoder.encode(labels[name]).forEach(put);
    put(0xff);
  }
  return hash.toString(16).padStart(16, "0");
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n")}"`;
}

/** Labels as the server prints them, which is how a decision names its subject: `{alertname="Down", job="db"}`. */
export function printed(labels: LabelSet): string {
  const name = (text: string) => (/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(text) ? text : quoted(text));
  const pairs = Object.keys(labels).sort();
  return `{${pairs.map((key) => `${name(key)}=${quoted(labels[key] ?? "")}`).join(", ")}}`;
}
