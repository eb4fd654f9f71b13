/** The configuration as it is in force: files, what they define and where, reloads, flags. */

import { useState } from "preact/hooks";
import { ApiError, get } from "../../api/client";
import { Button } from "../../components/button";
import { Code } from "../../components/code";
import { Notice } from "../../components/notice";
import { Panel } from "../../components/panel";
import { Status } from "../../components/status";
import { Table } from "../../components/table";
import { Time } from "../../components/time";
import { type Loaded, useLoad } from "../../hooks/load";
import { useRoute } from "../../router";
import { FileList } from "./file-list";
import { FileView } from "./file-view";
import { type ReloadAnswer, reload } from "./reload";
import type { ConfigFile, Files, Reload, RuntimeInfo } from "./types";

export function ConfigTab({ runtime }: { runtime: Loaded<RuntimeInfo> }) {
  const { query } = useRoute();
  const [answer, setAnswer] = useState<ReloadAnswer | null>(null);
  const files = useLoad(loadFiles, []);
  const flags = useLoad((signal) => get<Record<string, string>>("/api/v1/status/flags", undefined, signal), []);
  const done = (said: ReloadAnswer) => {
    setAnswer(said);
    files.again();
    runtime.again();
  };
  const chosen = query.get("file");
  const file = files.data?.files.find((one) => one.path === chosen) ?? files.data?.files[0];
  return (
    <>
      <ReloadPanel runtime={runtime} answer={answer} onDone={done} />
      <Panel title="Files in force" state={files}>
        {({ files: all, isWhole }) => (
          <div class="stack">
            {!isWhole && (
              <p class="dim">This server tells its configuration as a whole, without the files it came from.</p>
            )}
            {all.length === 0 && <p class="dim">It runs without a configuration file: flags decide.</p>}
            {isWhole && all.length > 0 && <FileList files={all} open={file?.path} />}
            {file && <FileView file={file} line={lineOf(query.get("line"))} />}
          </div>
        )}
      </Panel>
      <ReloadLog reloads={files.data?.reloads ?? []} />
      <Panel title="Flags" state={flags}>
        {(all) => <Flags flags={all} />}
      </Panel>
    </>
  );
}

interface Loadable extends Files {
  /** Whether files are told one by one. */
  isWhole: boolean;
}

/** Loads the files; a server that does not tell them tells its configuration as one text. */
async function loadFiles(signal: AbortSignal): Promise<Loadable> {
  try {
    return { ...(await get<Files>("/api/v1/status/files", undefined, signal)), isWhole: true };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    const { yaml } = await get<{ yaml: string }>("/api/v1/status/config", undefined, signal);
    const text: ConfigFile = {
      path: "configuration",
      role: "prometheus",
      loadedAt: "",
      bytes: new TextEncoder().encode(yaml).length,
      objects: [],
      text: yaml,
    };
    return { files: yaml === "" ? [] : [text], reloads: [], isWhole: false };
  }
}

function lineOf(text: string | null): number | null {
  return text !== null && /^[1-9]\d{0,7}$/.test(text) ? Number(text) : null;
}

interface ReloadPanelProps {
  runtime: Loaded<RuntimeInfo>;
  answer: ReloadAnswer | null;
  onDone: (answer: ReloadAnswer) => void;
}

function ReloadPanel({ runtime, answer, onDone }: ReloadPanelProps) {
  const [isReloading, setReloading] = useState(false);
  const press = async () => {
    setReloading(true);
    onDone(await reload());
    setReloading(false);
  };
  return (
    <Panel
      title="Reload"
      state={runtime}
      actions={
        <Button small icon="again" disabled={isReloading} onPress={() => void press()}>
          {isReloading ? "Reloading ..." : "Reload now"}
        </Button>
      }
    >
      {({ reloadConfigSuccess, lastConfigTime }) => (
        <div class="stack">
          <p class="row">
            {reloadConfigSuccess ? (
              <Status kind="ok" word="the last reload was taken" />
            ) : (
              <Status kind="critical" word="the last reload was refused" />
            )}
            <span class="dim">
              In force since <Time at={lastConfigTime} />
            </span>
          </p>
          <div aria-live="polite">{answer && <Answer answer={answer} />}</div>
        </div>
      )}
    </Panel>
  );
}

function Answer({ answer }: { answer: ReloadAnswer }) {
  return (
    <Notice kind={answer.ok ? "ok" : "critical"}>
      {answer.title}
      {answer.text !== "" && <Code text={answer.text} language="Answer" />}
    </Notice>
  );
}

function ReloadLog({ reloads }: { reloads: Reload[] }) {
  if (reloads.length === 0) return null;
  return (
    <Panel title="Reloads">
      <Table
        name="reloads"
        caption="Reloads, the last one first"
        bare
        rows={reloads.map((one, index) => ({ ...one, index }))}
        id={(one) => `${one.at} ${one.index}`}
        columns={[
          { key: "at", title: "At", cell: (one) => <Time at={one.at} /> },
          {
            key: "outcome",
            title: "Outcome",
            cell: (one) => <Status kind={one.ok ? "ok" : "critical"} word={one.ok ? "taken" : "refused"} />,
          },
          {
            key: "message",
            title: "What there is to know",
            cell: (one) => (one.message === "" ? "" : <pre class="system-message">{one.message}</pre>),
          },
        ]}
      />
    </Panel>
  );
}

function Flags({ flags }: { flags: Record<string, string> }) {
  const rows = Object.entries(flags).map(([name, value]) => ({ name, value }));
  return (
    <Table
      name="flags"
      caption="Flags of the command line"
      rows={rows}
      id={(row) => row.name}
      columns={[
        { key: "name", title: "Flag", cell: (row) => <span class="mono">--{row.name}</span>, sort: (row) => row.name },
        {
          key: "value",
          title: "Value",
          cell: (row) => <span class="mono system-wrap">{row.value}</span>,
          sort: (row) => row.value,
        },
      ]}
    />
  );
}
