use proptest::prelude::*;

use super::*;

fn at(millis: u64) -> Moment {
    Moment::ORIGIN.after(Duration::from_millis(millis))
}

#[test]
fn the_sooner_one_counts() {
    let own = Deadline::new(at(100), Duration::from_millis(1000));
    assert_eq!(own.within(at(100), None), own);
    assert_eq!(own.within(at(100), Some(Duration::from_millis(5000))), own);
    let shorter = own.within(at(100), Some(Duration::from_millis(300)));
    assert_eq!(shorter.at(), at(400));
    assert_eq!(shorter.left(at(150)), Duration::from_millis(250));
    assert!(!shorter.is_over(at(399)));
    assert!(shorter.is_over(at(400)));
    assert_eq!(shorter.left(at(500)), Duration::ZERO);
}

#[test]
fn what_is_too_short_does_not_begin() {
    let deadline = Deadline::new(at(0), Duration::from_millis(100));
    assert!(deadline.allows(Duration::ZERO, at(99)));
    assert!(!deadline.allows(Duration::ZERO, at(100)));
    assert!(deadline.allows(Duration::from_millis(40), at(59)));
    assert!(!deadline.allows(Duration::from_millis(40), at(60)));
}

#[test]
fn each_hop_gets_less() {
    let check = |millis, expected| {
        let next = for_next_hop(Duration::from_millis(millis));
        assert_eq!(next, Duration::from_millis(expected));
    };
    check(1000, 950);
    check(200, 190);
    check(100, 90);
    check(10, 0);
    check(3, 0);
}

#[test]
fn grpc_timeouts_are_read() {
    let check = |text: &str, expected: Option<Duration>| {
        assert_eq!(parse_grpc(text.as_bytes()).ok(), expected, "{text:?}");
    };
    check("1H", Some(Duration::from_secs(3600)));
    check("2M", Some(Duration::from_secs(120)));
    check("3S", Some(Duration::from_secs(3)));
    check("100m", Some(Duration::from_millis(100)));
    check("007u", Some(Duration::from_micros(7)));
    check("99999999n", Some(Duration::from_nanos(99_999_999)));
    check("99999999H", Some(Duration::from_secs(99_999_999 * 3600)));
    for bad in [
        "",
        "S",
        "1",
        "1s",
        "100000000n",
        "-1S",
        "1 S",
        "1.5S",
        "1S ",
        "\u{661}S",
    ] {
        check(bad, None);
    }
}

#[test]
fn milliseconds_are_read() {
    let check = |text: &str, expected: Option<u64>| {
        let expected = expected
            .map(Duration::from_millis)
            .ok_or(TimeoutError::Millis);
        assert_eq!(parse_millis(text.as_bytes()), expected, "{text:?}");
    };
    check("0", Some(0));
    check("00015000", Some(15_000));
    check("18446744073709551615", Some(u64::MAX));
    check("99999999999999999999999", Some(u64::MAX));
    for bad in ["", " 1", "1ms", "+1", "-1", "1.0", "0x10"] {
        check(bad, None);
    }
}

#[test]
fn timeouts_are_written() {
    let millis = |timeout| format_millis(timeout).as_str().to_owned();
    assert_eq!(millis(Duration::ZERO), "0");
    assert_eq!(millis(Duration::from_micros(1999)), "1");
    assert_eq!(millis(Duration::MAX), "18446744073709551615");
    let grpc = |timeout| format_grpc(timeout).as_str().to_owned();
    assert_eq!(grpc(Duration::ZERO), "0n");
    assert_eq!(grpc(Duration::from_millis(1)), "1000000n");
    assert_eq!(grpc(Duration::from_millis(100)), "100000u");
    assert_eq!(grpc(Duration::from_secs(100)), "100000m");
    assert_eq!(grpc(Duration::MAX), "99999999H");
}

#[test]
fn a_ladder_that_grows_is_refused() {
    let seconds = |name, seconds| Rung {
        name,
        timeout: Duration::from_secs(seconds),
    };
    let ladder = |seconds: [Rung<'_>; 4]| check_ladder(&seconds);
    let [client, gateway, api] = [
        seconds("client", 30),
        seconds("gateway", 25),
        seconds("api", 20),
    ];
    assert_eq!(
        ladder([client, gateway, api, seconds("database", 15)]),
        Ok(())
    );
    assert_eq!(
        ladder([client, gateway, api, seconds("database", 20)]),
        Ok(())
    );
    let error = ladder([client, api, gateway, seconds("database", 60)]).unwrap_err();
    assert_eq!(error.place, 2);
    assert_eq!(
        error.to_string(),
        "gateway is 25s, longer than api, 20s, which waits for it"
    );
}

proptest! {
    #[test]
    fn what_is_written_is_read_and_no_longer(nanos: u64) {
        let timeout = Duration::from_nanos(nanos);
        let millis = parse_millis(format_millis(timeout).as_bytes()).unwrap();
        prop_assert!(millis <= timeout && timeout - millis < Duration::from_millis(1));
        let text = format_grpc(timeout);
        prop_assert!((2..=9).contains(&text.as_bytes().len()));
        let read = parse_grpc(text.as_bytes()).unwrap();
        // Eight digits: off by less than one in ten million, but where the unit is an hour's.
        prop_assert!(read <= timeout);
        prop_assert!(timeout - read <= timeout / 100_000);
    }

    #[test]
    fn a_hop_never_gets_more_than_is_left(millis in 0_u64..100_000_000) {
        let left = Duration::from_millis(millis);
        let next = for_next_hop(left);
        prop_assert!(next.is_zero() || left - next >= Duration::from_millis(10));
    }
}
