/** One file as it was read, its secrets starred out: every line has an address, and every object leads to its line. */

import { useEffect, useRef } from "preact/hooks";
import { Copy } from "../../components/copy";
import { Notice } from "../../components/notice";
import { Link } from "../../router";
import { objectUrl } from "./objects";
import type { ConfigFile } from "./types";

/** The address of a file, or of a line of it. */
export function fileUrl(path: string, line?: number): string {
  const query = new URLSearchParams({ tab: "config", file: path });
  if (line !== undefined) query.set("line", String(line));
  return `/system?${query}`;
}

export function FileView({ file, line }: { file: ConfigFile; line: number | null }) {
  return (
    <section class="stack system-file">
      <div class="row">
        <h3 class="mono">{file.path}</h3>
        <Copy text={file.text} label="File" />
      </div>
      {file.objects.length > 0 && <Objects file={file} />}
      {file.isCut && <Notice kind="info">The file is long: only its begin is shown.</Notice>}
      <Lines file={file} line={line} />
    </section>
  );
}

/** What the file defines; a name leads to its line, and to its screen where it has one. */
function Objects({ file }: { file: ConfigFile }) {
  return (
    <ul class="system-objects">
      {file.objects.map((object) => {
        const screen = objectUrl(object);
        return (
          <li key={`${object.line} ${object.kind} ${object.name}`}>
            <span class="dim">{object.kind}</span> <Link to={fileUrl(file.path, object.line)}>{object.name}</Link>
            {screen !== null && (
              <>
                {" "}
                <Link to={screen} class="system-object-screen">
                  open
                </Link>
              </>
            )}
          </li>
        );
      })}
    </ul>
  );
}

function Lines({ file, line }: { file: ConfigFile; line: number | null }) {
  const marked = useRef<HTMLLIElement>(null);
  useEffect(() => marked.current?.scrollIntoView?.({ block: "center" }), [file.path, line]);
  return (
    <ol class="system-lines" aria-label={`Lines of ${file.path}`}>
      {file.text.split("\n").map((text, index) => {
        const own = index + 1;
        const isMarked = own === line;
        return (
          <li key={own} class={isMarked ? "system-line is-marked" : "system-line"} ref={isMarked ? marked : undefined}>
            <Link class="system-number" to={fileUrl(file.path, own)} replace aria-label={`Line ${own}`} tabIndex={-1}>
              {own}
            </Link>
            <span class="system-text">{text}</span>
          </li>
        );
      })}
    </ol>
  );
}
