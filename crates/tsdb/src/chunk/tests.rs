use proptest::prelude::*;

use super::*;

/// Encodes, and returns all samples that are found again.
fn encoded(samples: &[(i64, u64)]) -> (Vec<u8>, Vec<(i64, u64)>) {
    let (mut encoder, mut bytes) = (Encoder::default(), Vec::new());
    for (time, bits) in samples {
        assert!(encoder.takes(*time, &bytes));
        encoder.push(&mut bytes, *time, f64::from_bits(*bits));
        assert_eq!(
            encoder
                .last(&bytes)
                .map(|(time, value)| (time, value.to_bits())),
            Some((*time, *bits))
        );
    }
    let (begin, written) = encoder.open();
    let of_closed = closed(&bytes[..begin]).flat_map(|chunk| chunk.samples());
    let open = Decoder::new(&bytes[begin..], written.into());
    let found = of_closed.chain(open).map(|sample| sample.unwrap());
    let found = found.chain(encoder.pending());
    let found = found.map(|(time, value)| (time, value.to_bits())).collect();
    (bytes, found)
}

/// Ascending, mostly even.
fn times(count: usize) -> impl Strategy<Value = Vec<i64>> {
    let step = prop_oneof![
        20 => Just(15_000u64),
        3 => 14_990..15_010u64,
        3 => 1..3_000_000u64,
        1 => 0..u64::MAX / 512,
    ];
    let first = prop_oneof![Just(i64::MIN), -10..10i64, Just(1_700_000_000_000)];
    (first, prop::collection::vec(step, count)).prop_map(|(first, steps)| {
        let mut time = first;
        let walk = steps.into_iter().map(|step| {
            time = time.saturating_add_unsigned(step.max(1));
            time
        });
        let mut times: Vec<i64> = walk.collect();
        times.dedup();
        times
    })
}

fn values() -> impl Strategy<Value = Vec<u64>> {
    let kind = prop_oneof![
        any::<u64>(),
        (-1000..1000i64).prop_map(|whole| (whole as f64).to_bits()),
        (0..1_000_000i64).prop_map(|whole| (whole as f64 / 1000.0).to_bits()),
        any::<i64>().prop_map(|whole| (whole as f64).to_bits()),
        Just(plimsoll_types::STALE_NAN_BITS),
        Just(0x7ff8_0000_dead_beef),
        Just((-0.0f64).to_bits()),
        Just(f64::INFINITY.to_bits()),
    ];
    // Pieces of a kind, in which values are repeated.
    let piece = (kind, 1..200usize, any::<bool>(), any::<u64>());
    prop::collection::vec(piece, 1..8).prop_map(|pieces| {
        let walk = pieces.into_iter().flat_map(|(bits, count, is_same, seed)| {
            (0..count).map(move |at| match is_same {
                true => bits,
                false => {
                    let noise = seed.rotate_left(at as u32) % 1000;
                    (f64::from_bits(bits) + noise as f64).to_bits()
                }
            })
        });
        walk.collect()
    })
}

proptest! {
    #[test]
    fn returns_every_bit(times in times(500), values in values()) {
        let samples: Vec<_> = times.into_iter().zip(values).collect();
        prop_assert_eq!(encoded(&samples).1, samples);
    }

    #[test]
    fn never_panics(mut bytes: Vec<u8>, count in 0..1000u32, scale: u8) {
        assert!(Decoder::new(&bytes, count).count() <= count as usize);
        if let Some(at) = bytes.get_mut(24) {
            *at = scale % (decimal::SCALE_MAX + 1);
        }
        assert!(Decoder::new(&bytes, count).count() <= count as usize);
        closed(&bytes).for_each(drop);
    }

    #[test]
    fn columns_are_the_same(times in times(300), values in values(), from in 0..300usize, to in 0..300usize) {
        let samples: Vec<_> = times.into_iter().zip(values).collect();
        let (mut encoder, mut bytes) = (Encoder::default(), Vec::new());
        for (time, bits) in &samples {
            encoder.push(&mut bytes, *time, f64::from_bits(*bits));
        }
        encoder.close(&mut bytes);
        let at = |index: usize| samples[index.min(samples.len() - 1)].0;
        let (start, end) = (at(from), at(to));
        let (mut times, mut values) = (Vec::new(), Vec::new());
        for chunk in closed(&bytes) {
            if chunk.samples().read_into((start, end), &mut times, &mut values) != Ok(true) {
                break;
            }
        }
        let found: Vec<_> = times.into_iter().zip(values.into_iter().map(f64::to_bits)).collect();
        let expected: Vec<_> = samples.iter().copied().filter(|(time, _)| (start..=end).contains(time)).collect();
        prop_assert_eq!(found, expected);
    }
}

fn bytes_of(value: impl Fn(u64) -> f64) -> usize {
    let time = |at: u64| at as i64 * 15_000;
    let samples: Vec<_> = (0..480).map(|at| (time(at), value(at).to_bits())).collect();
    let (bytes, found) = encoded(&samples);
    assert_eq!(found, samples);
    bytes.len()
}

#[test]
fn a_series_that_never_changes_costs_nothing() {
    assert_eq!(bytes_of(|_| 17.0), 0);
    assert_eq!(bytes_of(|_| plimsoll_types::stale_nan()), 0);
}

/// A sample that comes again is looked for in one chunk and in what is not written yet.
#[test]
fn a_long_run_is_cut_into_chunks() {
    let samples: Vec<_> = (0..100_000).map(|time| (time, 0)).collect();
    let (bytes, found) = encoded(&samples);
    assert_eq!(found, samples);
    let longest = closed(&bytes).map(|chunk| chunk.count).max();
    assert_eq!(longest, Some(u32::from(RUN_MAX)));
    assert!(bytes.len() < samples.len() / 60, "{}", bytes.len());
}

#[test]
fn counting_costs_what_is_new() {
    // The noise has 10 bits.
    let noise = |at: u64| at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54;
    let whole = bytes_of(|at| (at * 1024 + noise(at)) as f64);
    let hundredths = bytes_of(|at| (at * 1024 + noise(at)) as f64 / 100.0);
    assert!(whole < 480 * 15 / 8 + 150, "{whole}");
    assert!(hundredths < 480 * 15 / 8 + 200, "{hundredths}");
}

#[test]
fn a_marker_does_not_change_the_scale() {
    let with_marker = |at: u64| match at == 50 {
        true => plimsoll_types::stale_nan(),
        false => at as f64,
    };
    assert!(bytes_of(with_marker) < 480 * 5 / 8 + 150);
}

#[test]
fn a_value_with_more_digits_goes_on_in_another_chunk() {
    let bytes = bytes_of(|at| match at < 60 {
        true => at as f64,
        false => at as f64 / 8.0,
    });
    // Eighths have three digits, and steps of 125 of them.
    assert!(bytes < 480 * 11 / 8 + 200, "{bytes}");
}
