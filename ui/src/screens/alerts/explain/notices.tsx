// The last notices with an alert, and what became of them.

import { get } from "../../../api/client";
import { useTick } from "../../../api/live";
import { Panel } from "../../../components/panel";
import { useLoad } from "../../../hooks/load";
import { Time } from "../../../time";
import { NoticeOutcome } from "../../routes/notices";
import { optional } from "../load";
import type { Notice } from "../types";

const SHOWN = 10;

export function Notices({ fingerprint }: { fingerprint: string }) {
  const tick = useTick(["alerts"]);
  const load = useLoad(
    async (signal) => {
      const answer = get<{ notifications: Notice[] }>(
        "/api/v1/alerting/notifications",
        { fingerprint, limit: SHOWN },
        signal,
      );
      return (await optional(answer))?.notifications ?? [];
    },
    [fingerprint, tick],
  );
  const notices = load.data ?? [];
  return (
    <Panel title="Last notices" state={load}>
      {notices.length === 0 ? <p class="dim">None of the newest 10,000 notices has this alert.</p> : null}
      <ol class="alert-notices">
        {notices.map((notice) => (
          <li key={`${notice.at} ${notice.delivery} ${notice.outcome}`}>
            <p class="row">
              <Time at={notice.at} />
              <NoticeOutcome notice={notice} />
              <span>
                {notice.receiver} {notice.integration}
              </span>
              <span class="dim">{notice.reason}</span>
            </p>
            {notice.error === "" ? null : <p class="alert-notice-error">{notice.error}</p>}
          </li>
        ))}
      </ol>
    </Panel>
  );
}
