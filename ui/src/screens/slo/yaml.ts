// Plain data as YAML, for reading and copying. Texts are quoted wherever YAML could read something else.

export type Yaml = string | number | boolean | null | undefined | Yaml[] | { [key: string]: Yaml };

/** Fields that are undefined are left out. */
export function toYaml(value: Yaml): string {
  const lines = linesOf(value);
  return `${lines.join("\n")}\n`;
}

function linesOf(value: Yaml): string[] {
  if (Array.isArray(value)) return value.length === 0 ? ["[]"] : value.flatMap(item);
  if (isMap(value)) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    return fields.length === 0 ? ["{}"] : fields.flatMap(([key, field]) => entry(key, field));
  }
  return [scalar(value)];
}

function item(value: Yaml): string[] {
  const [first = "", ...rest] = linesOf(value);
  return [`- ${first}`, ...rest.map((line) => `  ${line}`)];
}

function entry(key: string, value: Yaml): string[] {
  const name = text(key);
  const isNested = (Array.isArray(value) && value.length > 0) || (isMap(value) && Object.keys(value).length > 0);
  if (!isNested) return [`${name}: ${linesOf(value)[0] ?? ""}`];
  return [`${name}:`, ...linesOf(value).map((line) => `  ${line}`)];
}

function isMap(value: Yaml): value is { [key: string]: Yaml } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function scalar(value: Yaml): string {
  if (typeof value === "string") return text(value);
  return value === null || value === undefined ? "null" : String(value);
}

/** Begins like a letter, has nothing that means something in YAML, and is no word that YAML reads as another type. */
const PLAIN = /^[A-Za-z_/$][\w ./$%()@+-]*$/;
const TYPED = /^(true|false|yes|no|on|off|null|y|n|~)$/i;
const LENGTH = /^(\d+(ms|[smhdwy]))+$/;
const PRINTABLE = /^[\u0020-\u007e\u00a1-\u2027\u2030-\ud7ff]*$/;

function text(value: string): string {
  const isPlain = (PLAIN.test(value) && !TYPED.test(value) && !value.endsWith(" ")) || LENGTH.test(value);
  if (isPlain) return value;
  // Selectors have quotes and backslashes, which stay as they are between single ones.
  if (/["\\]/.test(value) && PRINTABLE.test(value)) return `'${value.replaceAll("'", "''")}'`;
  // What JSON writes is YAML too; other line ends of Unicode would end a line in some readers.
  return JSON.stringify(value).replace(/[\u007f-\u00a0\u2028\u2029\ufeff]/g, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/**
 * The part of a YAML text that begins at a line (from 1) and has everything that is indented below it. It is moved to the
 * left as a whole. Undefined when there is no such line.
 */
export function excerpt(file: string, line: number): string | undefined {
  const lines = file.split("\n");
  const first = lines[line - 1];
  if (first === undefined || first.trim() === "") return undefined;
  const indent = indentOf(first);
  let end = line;
  while (end < lines.length && belongs(lines[end] ?? "", indent)) end += 1;
  const found = lines.slice(line - 1, end);
  while (found.at(-1)?.trim() === "") found.pop();
  return `${found.map((one) => one.slice(Math.min(indent, indentOf(one)))).join("\n")}\n`;
}

function belongs(line: string, indent: number): boolean {
  return line.trim() === "" || indentOf(line) > indent;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

/** `slos/a.yml:5` as file and line. */
export function placeOf(origin: string): { path: string; line: number } | undefined {
  const found = /^(.*):(\d+)$/.exec(origin);
  return found === null ? undefined : { path: found[1] ?? "", line: Number(found[2]) };
}
