/** Orders that are in force: what people overruled, and how it ends. Nothing is shown while there are none. */

import type { ComponentChildren } from "preact";
import type { GatewayOrders as OrdersInForce } from "../../api/types";
import { Button } from "../../components/button";
import { Panel } from "../../components/panel";
import { Table } from "../../components/table";
import { number } from "../../format";
import type { Loaded } from "../../hooks/load";
import type { Asked } from "./order-dialog";
import { Faults } from "./route-drawer";

interface OrdersProps {
  orders: Loaded<OrdersInForce>;
  onAsk: (asked: Asked) => void;
}

interface Line {
  id: string;
  subject: ComponentChildren;
  what: ComponentChildren;
  end: { title: string; asked: Asked };
}

export function OrdersInForcePanel({ orders, onAsk }: OrdersProps) {
  const lines = orders.data ? linesOf(orders.data) : [];
  if (lines.length === 0 && orders.error === undefined) return null;
  return (
    <Panel title="Orders in force" state={orders}>
      {() => (
        <Table
          name="orders"
          caption="Orders in force"
          bare
          rows={lines}
          id={(line) => line.id}
          columns={[
            { key: "subject", title: "About", cell: (line) => line.subject },
            { key: "what", title: "What was ordered", cell: (line) => line.what },
            {
              key: "end",
              title: "End",
              align: "end",
              cell: (line) => (
                <Button small onPress={() => onAsk(line.end.asked)}>
                  {line.end.title} ...
                </Button>
              ),
            },
          ]}
        />
      )}
    </Panel>
  );
}

const ADMIN: Record<string, string> = {
  draining: "draining: nothing new, what runs is finished",
  forced_up: "forced up: it counts as healthy",
  forced_down: "forced down: it gets nothing",
};

/** One line for each order, with how it is ended. */
export function linesOf(orders: OrdersInForce): Line[] {
  const lines: Line[] = [];
  for (const { backend, endpoint, admin, weight, weightDeclared, inFlight } of orders.endpoints) {
    const at = { backend, endpoint };
    const subject = `${endpoint} of ${backend}`;
    if (admin !== "auto") {
      const isDrain = admin === "draining";
      lines.push({
        id: `admin ${backend}\n${endpoint}`,
        subject,
        what: `${ADMIN[admin] ?? admin}${isDrain ? `, ${number(inFlight)} in flight` : ""}`,
        end: {
          title: isDrain ? "End the drain" : "Let health decide",
          asked: { order: isDrain ? "undrain" : "auto", ...at },
        },
      });
    }
    if (weight !== weightDeclared) {
      lines.push({
        id: `weight ${backend}\n${endpoint}`,
        subject,
        what: `weight ${number(weight)}; the file says ${number(weightDeclared)}`,
        end: {
          title: `Weight ${weightDeclared}`,
          asked: { order: "weight", ...at, weight: weightDeclared },
        },
      });
    }
  }
  for (const { route, maintenance, faults } of orders.routes) {
    if (maintenance) {
      lines.push({
        id: `maintenance ${route}`,
        subject: `route ${route}`,
        what: `maintenance: answered with ${maintenance.status}`,
        end: { title: "End maintenance", asked: { order: "end_maintenance", route } },
      });
    }
    if (faults.length > 0) {
      lines.push({
        id: `faults ${route}`,
        subject: `route ${route}`,
        what: <Faults faults={faults} />,
        end: { title: "End the faults", asked: { order: "end_faults", route } },
      });
    }
  }
  return lines;
}
