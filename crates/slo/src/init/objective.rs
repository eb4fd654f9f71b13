//! Which objective is proposed: the strictest usual one that was kept with room to spare.

use crate::math::Availability;

/// Usual objectives of availability, the strictest first.
pub(super) const SHARE: [&str; 8] = ["99.99", "99.95", "99.9", "99.5", "99", "98", "95", "90"];
/// Those of latency: a threshold is chosen so that the 95th percentile meets it.
pub(super) const LATENCY: [&str; 5] = ["99", "95", "90", "80", "50"];

/// Picks the strictest objective of which at most half of the budget was used, and says what was measured; the middle one
/// where nothing was.
pub(super) fn of_share(share: Option<f64>, usual: &[&'static str]) -> (&'static str, String) {
    let Some(share) = share.filter(|share| (0.0..=1.0).contains(share)) else {
        let text = "nothing was measured in the last day; the objective is a guess";
        return (usual[usual.len() / 2 - 1], text.to_owned());
    };
    let bad = (1.0 - share) * 100.0;
    let is_kept = |objective: &&&str| {
        let allowed = objective
            .parse()
            .map_or(0.0, |objective: f64| 100.0 - objective);
        bad <= allowed / 2.0
    };
    let found = usual.iter().find(is_kept);
    let objective = found.or(usual.last()).copied().unwrap_or("90");
    (
        objective,
        format!("{} % were good in the last day", rounded(share)),
    )
}

/// Writes a share as a percentage with as many digits as tell it from 100.
fn rounded(share: f64) -> String {
    Availability::of_failing(1.0 - share).to_string()
}
