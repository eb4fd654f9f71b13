/** The files that are in force: each with its role and what it defines. */

import { Badge } from "../../components/badge";
import { Table } from "../../components/table";
import { Time } from "../../components/time";
import { bytes, number } from "../../format";
import { fileUrl } from "./file-view";
import type { ConfigFile } from "./types";

export function FileList({ files, open }: { files: ConfigFile[]; open: string | undefined }) {
  return (
    <Table
      name="files"
      caption="Files that are in force"
      bare={files.length < 20}
      rows={files}
      id={(file) => file.path}
      to={(file) => fileUrl(file.path)}
      open={open ?? null}
      columns={[
        {
          key: "path",
          title: "File",
          cell: (file) => <span class="mono">{file.path}</span>,
          sort: (file) => file.path,
        },
        {
          key: "role",
          title: "Role",
          cell: (file) => <Badge>{file.role}</Badge>,
          sort: (file) => file.role,
          filter: (file) => file.role,
        },
        {
          key: "objects",
          title: "Defines",
          cell: (file) => kinds(file),
          sort: (file) => file.objects.length,
          priority: 2,
        },
        {
          key: "read",
          title: "Read",
          cell: (file) => <Time at={file.loadedAt} relative />,
          sort: (file) => file.loadedAt,
        },
        {
          key: "size",
          title: "Size",
          align: "end",
          cell: (file) => bytes(file.bytes),
          sort: (file) => file.bytes,
          priority: 2,
        },
      ]}
    />
  );
}

/** What a file defines, counted: `3 jobs, 1 group`. */
export function kinds(file: ConfigFile): string {
  const counts = new Map<string, number>();
  for (const { kind } of file.objects) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${number(count)} ${kind}${count === 1 ? "" : "s"}`).join(", ");
}
