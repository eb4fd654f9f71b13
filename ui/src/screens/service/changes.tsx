import { useTick } from "../../api/live";
import { Panel } from "../../components/panel";
import { useLoad } from "../../hooks/load";
import { ChangeList } from "../now/change-list";
import { type Change, loadChanges } from "../now/changes";

/** What was changed about a service lately: the first question in an incident. */
export function Changes({ name }: { name: string }) {
  const tick = useTick(["changes"]);
  const loaded = useLoad((signal) => loadChanges({ service: name, limit: 20 }, signal), [name, tick]);
  return (
    <Panel title="Last changes" state={loaded}>
      {(found: Change[]) => <ChangeList changes={found} />}
    </Panel>
  );
}
