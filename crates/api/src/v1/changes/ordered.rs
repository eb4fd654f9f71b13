//! Orders to the gateway as changes: of what, of which service, by whom.

use plimsoll_traffic::AdminState;
use plimsoll_traffic::surface::{FaultEffect, FaultOrder, Gateway, Order};
use plimsoll_types::format_duration;

use crate::app::App;
use crate::caller::Caller;
use crate::ui::{Change, ChangeKind};
use crate::v1::services::{owner_of_route, routes_of_backend};

/// Remembers an order that is in force. Blocks for as long as looking up the service takes.
pub(in crate::v1) fn note(app: &App, gateway: &dyn Gateway, order: &Order, caller: &Caller) {
    let surface = &app.parts.surface;
    let routes = match subject(order) {
        Subject::Route(route) => vec![route.to_owned()],
        Subject::Endpoint(backend, _) => routes_of_backend(&gateway.routes(), backend),
    };
    let slos = surface.slos.as_ref().map(|slos| slos.list().0);
    let slos = slos.unwrap_or_default();
    let service = routes.first().map(|route| owner_of_route(&slos, route));
    surface.ui.journal.note(Change {
        at: app.parts.clock.now(),
        kind: ChangeKind::Order,
        subject: match subject(order) {
            Subject::Route(route) => format!("route {route}"),
            Subject::Endpoint(backend, endpoint) => format!("endpoint {backend}/{endpoint}"),
        },
        service,
        what: what(order),
        by: caller.address.map(|address| address.to_string()),
        origin: Some(format!("{} {}", caller.method, caller.path)),
    });
}

enum Subject<'a> {
    Route(&'a str),
    Endpoint(&'a str, &'a str),
}

fn subject(order: &Order) -> Subject<'_> {
    match order {
        Order::Admin {
            backend, endpoint, ..
        }
        | Order::Weight {
            backend, endpoint, ..
        }
        | Order::Pardon { backend, endpoint } => Subject::Endpoint(backend, endpoint),
        Order::Maintenance { route, .. }
        | Order::EndMaintenance { route }
        | Order::Fault { route, .. }
        | Order::EndFaults { route } => Subject::Route(route),
    }
}

fn what(order: &Order) -> String {
    match order {
        Order::Admin { state, .. } => match state {
            AdminState::Auto => "health decides again".to_owned(),
            AdminState::ForcedUp => "ordered up".to_owned(),
            AdminState::ForcedDown => "ordered down".to_owned(),
            AdminState::Draining => "ordered to drain".to_owned(),
        },
        Order::Weight { weight, .. } => format!("weight {weight}"),
        Order::Pardon { .. } => "breaker closed and ejection ended".to_owned(),
        Order::Maintenance { status, .. } => format!("in maintenance, answers {status}"),
        Order::EndMaintenance { .. } => "maintenance ended".to_owned(),
        Order::Fault { fault, .. } => broken(fault),
        Order::EndFaults { .. } => "faults ended".to_owned(),
    }
}

fn broken(fault: &FaultOrder) -> String {
    let effect = match fault.effect {
        FaultEffect::Delay(delay) => format!("delays of {}", format_duration(delay)),
        FaultEffect::Abort(status) => format!("answers of {status}"),
        FaultEffect::Reset => "resets".to_owned(),
    };
    let (percent, lasts) = (fault.share * 100.0, format_duration(fault.lasts));
    format!("fault: {effect} for {percent} % of requests, for {lasts}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn orders_are_told_in_words() {
        let fault = Order::Fault {
            route: "cart".into(),
            fault: FaultOrder {
                share: 0.25,
                header: None,
                effect: FaultEffect::Delay(Duration::from_millis(300)),
                lasts: Duration::from_secs(600),
            },
        };
        assert_eq!(
            what(&fault),
            "fault: delays of 300ms for 25 % of requests, for 10m"
        );
        let drain = Order::Admin {
            backend: "shop".into(),
            endpoint: "a".into(),
            state: AdminState::Draining,
        };
        assert_eq!(what(&drain), "ordered to drain");
    }
}
