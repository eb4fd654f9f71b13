import { useTick } from "../../api/live";
import { Panel } from "../../components/panel";
import { useLoad } from "../../hooks/load";
import { ChangeList } from "./change-list";
import { type Change, loadChanges } from "./changes";

const SHOWN = 10;

/** What was changed last, wherever. */
export function Changes() {
  const tick = useTick(["changes"]);
  const loaded = useLoad((signal) => loadChanges({ limit: SHOWN }, signal), [tick]);
  return (
    <Panel title="Last changes" state={loaded}>
      {(found: Change[]) => <ChangeList changes={found} />}
    </Panel>
  );
}
