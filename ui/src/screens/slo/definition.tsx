import { get } from "../../api/client";
import { Code } from "../../components/code";
import { Panel } from "../../components/panel";
import { Tabs } from "../../components/tabs";
import { useLoad } from "../../hooks/load";
import { Link, useQueryState } from "../../router";
import { originPath } from "../now/links";
import { ownOf } from "./budget";
import type { Slo } from "./types";
import { excerpt, placeOf, toYaml, type Yaml } from "./yaml";

type View = "written" | "force";

/** What it says: as it is written in its file, and as it is understood, with everything that the file leaves to defaults. */
export function DefinitionPanel({ slo }: { slo: Slo }) {
  const [view, setView] = useQueryState("definition", "written");
  const shown: View = view === "force" ? "force" : "written";
  const caveats = ownOf(slo.definition)?.sli.caveats ?? [];
  return (
    <Panel title="Definition" actions={<Link to={originPath(slo.origin)}>{slo.origin}</Link>}>
      <Tabs
        label="Definition"
        value={shown}
        onChange={setView}
        tabs={[
          { id: "written", title: "As written" },
          { id: "force", title: "As in force, with defaults" },
        ]}
      >
        {shown === "written" ? (
          <Written slo={slo} />
        ) : (
          <Code text={toYaml(slo.definition as unknown as Yaml)} language="YAML" />
        )}
      </Tabs>
      {caveats.map((caveat) => (
        <p class="dim" key={caveat}>
          Note: {caveat}.
        </p>
      ))}
    </Panel>
  );
}

interface Files {
  files: { path: string; text: string; isCut?: boolean }[];
}

function Written({ slo }: { slo: Slo }) {
  const files = useLoad((signal) => get<Files>("/api/v1/status/files", undefined, signal), [slo.origin]);
  return (
    <Panel class="slo-nested" state={files}>
      {(found: Files) => {
        const text = textOf(found, slo.origin);
        if (text === undefined)
          return <p class="dim">The text of {slo.origin} is not at hand. The other view has all of it.</p>;
        return <Code text={text} language="YAML" />;
      }}
    </Panel>
  );
}

function textOf({ files }: Files, origin: string): string | undefined {
  const place = placeOf(origin);
  if (place === undefined) return undefined;
  // Files may be named by another path than origins: relative to the configuration, or in full.
  const file = files.find((one) => one.path === place.path) ?? files.find((one) => one.path.endsWith(`/${place.path}`));
  return file === undefined ? undefined : excerpt(file.text, place.line);
}
