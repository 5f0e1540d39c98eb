//! Outcomes as tasks end: `iter` and `stream`.

use std::cell::Cell;
use std::time::Duration;

use concur::{Driver, ErrorKind, concurrent};

const DRIVERS: [Driver; 3] = [Driver::Process, Driver::Thread, Driver::Sync];

#[test]
fn every_item_comes_once_with_its_place() {
    for driver in DRIVERS {
        let mut seen: Vec<(usize, u64)> = concurrent! { for n in 0..50_u64 => n * 3 }
            .driver(driver)
            .iter()
            .map(|(index, result)| (index, result.expect("it succeeds")))
            .collect();
        seen.sort_unstable();
        let expected: Vec<(usize, u64)> = (0..50).map(|n| (n, n as u64 * 3)).collect();
        assert_eq!(seen, expected);
    }
}

#[test]
fn what_ends_first_comes_first() {
    // The first task ends only when the second one has: it waits for the file that the other makes.
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("done");
    let order: Vec<usize> = concurrent! {
        for waits in [true, false] => {
            if waits {
                while !path.exists() {
                    std::thread::sleep(Duration::from_millis(1));
                }
            } else {
                std::fs::write(&path, "x")?;
            }
        }
    }
    .driver(Driver::Thread)
    .limit(2)
    .timeout(Duration::from_secs(20))
    .iter()
    .map(|(index, result)| {
        result.expect("it succeeds");
        index
    })
    .collect();
    assert_eq!(order.len(), 2);
    if std::thread::available_parallelism().is_ok_and(|count| count.get() >= 2) {
        assert_eq!(order, [1, 0]);
    }
}

#[test]
fn an_endless_input_is_asked_for_little_more_than_is_taken() {
    for driver in DRIVERS {
        let asked = Cell::new(0_usize);
        let input = (0_u64..).inspect(|_| asked.set(asked.get() + 1));
        let mut outcomes = concurrent! { for n in input => n }.driver(driver).limit(2).iter();
        for taken in 1..=20 {
            let (_, result) = outcomes.next().expect("there is always one more");
            result.expect("it succeeds");
            assert!(asked.get() <= taken + 8, "{} asked for {taken} taken", asked.get());
        }
    }
}

#[test]
fn a_failure_is_one_outcome_among_others() {
    for driver in DRIVERS {
        let outcomes = concurrent! {
            for n in 0..10_u32 => {
                assert!(n != 4, "not four");
                n
            }
        }
        .driver(driver)
        .iter();
        let failed: Vec<(usize, ErrorKind)> =
            outcomes.filter_map(|(index, result)| Some((index, result.err()?.kind()))).collect();
        assert_eq!(failed, [(4, ErrorKind::Panicked)]);
    }
}

#[test]
fn a_wrong_setting_is_the_only_outcome() {
    let mut outcomes = concurrent! { for n in 0..3_u8 => n }.limit(0).iter();
    let (_, result) = outcomes.next().expect("the mistake");
    let err = result.expect_err("a limit of zero");
    assert_eq!(err.kind(), ErrorKind::Config);
    assert!(err.to_string().contains("limit"), "{err}");
    assert!(outcomes.next().is_none());
    assert!(outcomes.next().is_none());
}

#[test]
fn an_input_that_panics_ends_with_an_error() {
    for driver in DRIVERS {
        let input = (0..10_u32).map(|n| if n == 3 { panic!("input {n}") } else { n });
        let outcomes: Vec<_> = concurrent! { for n in input => n }.driver(driver).iter().collect();
        let errors: Vec<_> =
            outcomes.iter().filter_map(|(_, result)| result.as_ref().err()).collect();
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].kind(), ErrorKind::Panicked);
        assert!(errors[0].to_string().contains("input 3"), "{}", errors[0]);
    }
}

#[test]
fn dropping_it_kills_what_runs() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().to_owned();
    let mut outcomes = concurrent! {
        for n in 0..4_u32 => {
            if n > 0 {
                std::fs::write(path.join(n.to_string()), std::process::id().to_string())?;
                loop {
                    std::thread::sleep(Duration::from_secs(1));
                }
            }
        }
    }
    .driver(Driver::Process)
    .limit(2)
    .iter();
    assert!(outcomes.next().expect("the first ends").1.is_ok());
    let first = dir.path().join("1");
    wait_until(|| std::fs::read_to_string(&first).is_ok_and(|text| !text.is_empty()));
    let pid = std::fs::read_to_string(&first).expect("it is there");
    drop(outcomes);
    wait_until(|| !std::path::Path::new("/proc").join(&pid).exists());
}

#[test]
fn a_stream_gives_the_same() {
    use futures_lite::StreamExt;

    for driver in DRIVERS {
        let stream = concurrent! { for n in 0..20_u64 => n + 1 }.driver(driver).stream();
        let mut values: Vec<u64> = smol::block_on(
            stream
                .map(|(index, result)| {
                    let value = result.expect("it succeeds");
                    assert_eq!(value, index as u64 + 1);
                    value
                })
                .collect(),
        );
        values.sort_unstable();
        assert_eq!(values, (1..=20).collect::<Vec<u64>>());
    }
}

/// Waits for what must come; only a hang makes it fail.
fn wait_until(mut there: impl FnMut() -> bool) {
    for _ in 0..2_000 {
        if there() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it did not come in twenty seconds");
}
