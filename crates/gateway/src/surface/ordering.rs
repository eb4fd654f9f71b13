//! What a person orders, with numbers within their ranges.

use std::time::Duration;

use http::{HeaderName, StatusCode};
use plimsoll_traffic::surface::{FaultEffect, FaultOrder, HeaderWanted, Order, Refused};

use super::invalid;
use crate::gateway::Gateway;
use crate::model::{Effect, Fault, HeaderMatch, TextMatch};

/// The most bytes of an answer in maintenance: it is copied for each request.
const BODY_MAX: usize = 64 * 1024;

/// Carries an order out.
///
/// # Errors
/// As for [`order`](plimsoll_traffic::surface::Gateway::order).
pub(super) fn carry_out(gateway: &Gateway, order: &Order) -> Result<(), Refused> {
    match order {
        Order::Admin {
            backend,
            endpoint,
            state,
        } => gateway.order(backend, endpoint, *state)?,
        Order::Weight {
            backend,
            endpoint,
            weight,
        } => {
            if *weight > Order::WEIGHT_MAX {
                let most = Order::WEIGHT_MAX;
                return Err(invalid(format!("a weight is 0 to {most}, found {weight}")));
            }
            gateway.set_weight(backend, endpoint, *weight)?;
        }
        Order::Pardon { backend, endpoint } => gateway.pardon(backend, endpoint)?,
        Order::Maintenance {
            route,
            status,
            body,
        } => {
            let answer = (own_status(*status, 200)?, own_body(body)?);
            gateway.order_maintenance(route, Some(answer))?;
        }
        Order::EndMaintenance { route } => gateway.order_maintenance(route, None)?,
        Order::Fault { route, fault } => gateway.order_fault(route, made(gateway, fault)?)?,
        Order::EndFaults { route } => gateway.end_faults(route)?,
    }
    Ok(())
}

fn made(gateway: &Gateway, order: &FaultOrder) -> Result<Fault, Refused> {
    let share = order.share;
    if !(share > 0.0 && share <= 1.0) {
        let reason = format!("the share of a fault is above 0 to 1, found {share}");
        return Err(invalid(reason));
    }
    let lasts = order.lasts;
    if lasts.is_zero() || lasts > Order::FAULT_MAX {
        return Err(invalid("a fault lasts more than nothing and at most a day"));
    }
    let header = order.header.as_ref().map(header).transpose()?;
    Ok(Fault {
        share,
        header,
        effect: effect(order.effect)?,
        until: Some(gateway.clock().now() + lasts),
    })
}

fn header(wanted: &HeaderWanted) -> Result<HeaderMatch, Refused> {
    let name = &wanted.name;
    let known = HeaderName::try_from(name.as_str());
    Ok(HeaderMatch {
        name: known.map_err(|_| invalid(format!("{name:?} is no name of a header")))?,
        value: match &wanted.value {
            Some(value) => TextMatch::Exact(value.clone()),
            None => TextMatch::Present,
        },
    })
}

fn effect(effect: FaultEffect) -> Result<Effect, Refused> {
    match effect {
        FaultEffect::Delay(Duration::ZERO) => Err(invalid("a delay is more than nothing")),
        FaultEffect::Delay(delay) if delay > Order::DELAY_MAX => {
            Err(invalid("a delay is at most 5m"))
        }
        FaultEffect::Delay(delay) => Ok(Effect::Delay(delay)),
        FaultEffect::Abort(status) => own_status(status, 400).map(Effect::Abort),
        FaultEffect::Reset => Ok(Effect::Reset),
    }
}

fn own_status(status: u16, least: u16) -> Result<StatusCode, Refused> {
    let known = StatusCode::from_u16(status).ok();
    let known = known.filter(|status| (least..=599).contains(&status.as_u16()));
    known.ok_or_else(|| invalid(format!("the status is {least} to 599, found {status}")))
}

fn own_body(body: &str) -> Result<String, Refused> {
    let found = body.len();
    match found > BODY_MAX {
        true => Err(invalid(format!(
            "an answer has at most {BODY_MAX} bytes, found {found}"
        ))),
        false => Ok(body.to_owned()),
    }
}
