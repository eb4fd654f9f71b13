/** Hands a file to the reader. The address of the blob is given up as soon as the browser has it. */
export function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name.replace(/[^\w.-]+/g, "-");
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** A field of CSV. What a spreadsheet would take for a formula gets an apostrophe. */
export function csvField(value: string): string {
  const isNumber = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value);
  const inert = !isNumber && /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

export function csv(rows: readonly (readonly string[])[]): Blob {
  const text = rows.map((row) => row.map(csvField).join(",")).join("\r\n");
  return new Blob([text, "\r\n"], { type: "text/csv;charset=utf-8" });
}
