//! `balance`: who is chosen.

use plimsoll_runtime::config::Spanned;
use plimsoll_traffic::Options;
use plimsoll_traffic::balance::{ALL, EwmaOptions, HashOptions, Policy};

use super::context::{Context, key, short};
use super::raw::{RawBalance, RawEwma, RawHash, TextOr};

/// Reads a policy by its name, or with its options.
pub(super) fn policy(raw: Option<&Spanned<TextOr<RawBalance>>>, ctx: &mut Context<'_>) -> Policy {
    let default = Options::default().policy;
    let Some(raw) = raw else {
        return default;
    };
    let section = match &raw.value {
        TextOr::Section(section) => section,
        TextOr::Text(name) => {
            let known = ALL.iter().find(|kind| kind.name() == name);
            if known.is_none() {
                let names: Vec<_> = ALL.iter().map(|kind| kind.name()).collect();
                let message = format!("unknown way to balance {:?}", short(name));
                ctx.hint(
                    raw.span,
                    message,
                    format!("expected one of {}", names.join(", ")),
                );
            }
            return known.map_or(default, |kind| kind.policy());
        }
    };
    let keys = [
        ("peak_ewma", key(&section.peak_ewma)),
        ("maglev", key(&section.maglev)),
        ("rendezvous", key(&section.rendezvous)),
    ];
    ctx.exactly_one(raw.key, "`balance` with options", &keys);
    if let Some(raw) = &section.peak_ewma {
        Policy::PeakEwma(ewma(raw, ctx))
    } else if let Some(raw) = &section.maglev {
        Policy::Maglev(hash(raw, ctx))
    } else if let Some(raw) = &section.rendezvous {
        Policy::Rendezvous(hash(raw, ctx))
    } else {
        default
    }
}

fn ewma(raw: &RawEwma, ctx: &mut Context<'_>) -> EwmaOptions {
    let default = EwmaOptions::default();
    let mut read = |field, name, default| ctx.above_zero(field, name).unwrap_or(default);
    EwmaOptions {
        decay: read(&raw.decay, "decay", default.decay),
        default_latency: read(
            &raw.default_latency,
            "default_latency",
            default.default_latency,
        ),
        failure_penalty: read(
            &raw.failure_penalty,
            "failure_penalty",
            default.failure_penalty,
        ),
    }
}

/// HAProxy's hash-balance-factor is written alike: 125 % of the mean.
fn hash(raw: &RawHash, ctx: &mut Context<'_>) -> HashOptions {
    if raw
        .bound
        .as_ref()
        .is_some_and(|bound| bound.value == "none")
    {
        return HashOptions { bound: None };
    }
    let bound = ctx.share(&raw.bound, "bound", 101.0..=1000.0);
    HashOptions {
        bound: bound.or(HashOptions::default().bound),
    }
}
