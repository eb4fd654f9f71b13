// What needs somebody now: who is paged, which budgets run out, what is down, what was changed.

import { useMemo, useState } from "preact/hooks";
import { useCounts, useTick } from "../../api/live";
import { serverState } from "../../api/server";
import { Page } from "../../components/page";
import { type Loaded, useLoad } from "../../hooks/load";
import { useStore } from "../../hooks/store";
import { Link, useQueryState } from "../../router";
import { Changes } from "./changes-panel";
import { Down } from "./down";
import { type Firing, loadFiring } from "./firing";
import { FiringPanel } from "./firing-panel";
import { Glance } from "./glance";
import { Guide } from "./guide";
import { loadServices } from "./load";
import { ServicesPanel } from "./services-panel";
import { isUntouched, loadArrived, waysOf } from "./ways";
import "./now.css";

export default function Now() {
  const [guide, setGuide] = useQueryState("guide", "");
  const signals = useTick(["signals"]);
  const ways = useMemo(() => waysOf(window.location.origin), []);
  const arrived = useLoad((signal) => loadArrived(ways, signal), [signals]);
  // Once it teaches it goes on until the reader has seen enough: what turns green is not to vanish.
  const [teaches, setTeaches] = useState(false);
  if (!teaches && guide === "" && arrived.data !== undefined && isUntouched(arrived.data)) setTeaches(true);
  const close = () => {
    setTeaches(false);
    setGuide("off");
  };
  // Who has something that fires or is down has other worries, whatever arrived.
  const counts = useCounts();
  const isCalm = (counts.firing ?? 0) + (counts.targetsDown ?? 0) + (counts.endpointsDown ?? 0) === 0;
  if (guide === "on" || (teaches && isCalm && guide !== "off")) {
    return (
      <Page title="Now" sub={teaches ? "No data of yours is here yet." : "How to send data."}>
        <Guide ways={ways} arrived={arrived} onClose={close} />
      </Page>
    );
  }
  return (
    <Page title="Now" actions={<Link to="/?guide=on">Send data</Link>}>
      <Everything />
    </Page>
  );
}

function Everything() {
  const tick = useTick(["alerts"]);
  const firing = useLoad((signal) => loadFiring(signal), [tick]);
  const isServer = useStore(serverState)?.kind !== "alertmanager";
  return isServer ? <Server firing={firing} /> : <FiringPanel firing={firing} />;
}

function Server({ firing }: { firing: Loaded<Firing[]> }) {
  const tick = useTick(["slos", "alerts", "gateway", "targets"]);
  const services = useLoad((signal) => loadServices(signal), [tick]);
  return (
    <>
      <Glance firing={firing.data} services={services.data} />
      <FiringPanel firing={firing} />
      <ServicesPanel services={services} />
      <div class="columns">
        <Down />
        <Changes />
      </div>
    </>
  );
}
