//! When a failed attempt is made again.

use std::time::Duration;

use plimsoll_runtime::random::{Random, SeededRandom};

use super::DeliveryId;

/// The wait after the first failure, before jitter.
const FIRST: Duration = Duration::from_secs(1);
/// The longest wait, before jitter: Alertmanager's.
const LONGEST: Duration = Duration::from_secs(60);
/// A peer that asks for more than that is not believed.
const LONGEST_ASKED: Duration = Duration::from_secs(3600);
/// Those who were told to wait do not all come back at the same moment.
const SPREAD: Duration = Duration::from_millis(500);

/// Returns how long to wait after failure number `failures` (from 1). When the peer said how long, that long and half a
/// second more at most; else twice as long after each failure up to the group's `interval`, but a second at least and a
/// minute at most, the half to all of it. Alertmanager gives up and begins anew at each `group_interval`: whoever waits
/// longer comes later after an outage. The jitter comes from the delivery, so that a replay makes the same choices.
pub(crate) fn retry_after(
    id: DeliveryId,
    failures: u32,
    asked: Option<Duration>,
    interval: Duration,
) -> Duration {
    let seed = id.as_u128() as u64 ^ u64::from(failures);
    let mut random = SeededRandom::new(seed);
    if let Some(asked) = asked {
        return asked.min(LONGEST_ASKED) + SPREAD.mul_f64(random.fraction());
    }
    let doublings = failures.saturating_sub(1).min(16);
    let longest = interval.clamp(FIRST, LONGEST);
    random.jittered((FIRST * 2_u32.pow(doublings)).min(longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(failures: u32, asked: Option<u64>) -> Duration {
        let asked = asked.map(Duration::from_secs);
        let interval = Duration::from_mins(5);
        retry_after(DeliveryId::from_u128(7), failures, asked, interval)
    }

    #[test]
    fn waits_longer_up_to_a_minute() {
        for (failures, most) in [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (u32::MAX, 60)] {
            let most = Duration::from_secs(most);
            let found = wait(failures, None);
            assert!(found <= most && found >= most / 2, "{failures}: {found:?}");
        }
    }

    #[test]
    fn waits_no_longer_than_until_the_group_is_next() {
        for (interval, longest) in [(0, 1_000), (300, 1_000), (10_000, 10_000), (90_000, 60_000)] {
            let interval = Duration::from_millis(interval);
            let longest = Duration::from_millis(longest);
            for failures in [7, 20] {
                let found = retry_after(DeliveryId::from_u128(7), failures, None, interval);
                assert!(found <= longest && found >= longest / 2, "{found:?}");
            }
            let asked = Some(Duration::from_secs(30));
            assert!(
                retry_after(DeliveryId::from_u128(7), 1, asked, interval)
                    >= Duration::from_secs(30)
            );
        }
    }

    #[test]
    fn comes_back_when_the_peer_asked_for_it() {
        for asked in [0, 1, 30, 600] {
            let found = wait(9, Some(asked));
            let asked = Duration::from_secs(asked);
            assert!(found >= asked && found <= asked + SPREAD, "{found:?}");
        }
        assert!(wait(1, Some(u64::MAX / 1000)) <= LONGEST_ASKED + SPREAD);
    }

    #[test]
    fn chooses_the_same_again() {
        assert_eq!(wait(3, None), wait(3, None));
    }
}
