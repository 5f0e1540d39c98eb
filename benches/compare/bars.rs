//! The bars that concur set itself, and whether this run met them.
//!
//! Information only: a time on a busy machine is no reason to fail, so nothing here asserts.

use crate::conductor::Score;
use crate::plan::key::{COLD, CONCUR, FRESH, PROCSPAWN, SOCKET, WARM};
use crate::report::time_of;

/// In `row`, the time of `slow` is to be at least, or at most, so many times that of `fast`.
struct Bar {
    says: &'static str,
    row: &'static str,
    slow: &'static str,
    fast: &'static str,
    limit: Limit,
}

enum Limit {
    AtLeast(f64),
    AtMost(f64),
}

const BARS: &[Bar] = &[
    Bar {
        says: "warm at most 1.5 times the raw socket pair's",
        row: WARM,
        slow: CONCUR,
        fast: SOCKET,
        limit: Limit::AtMost(1.5),
    },
    Bar {
        says: "warm at least 3 times faster than procspawn's Pool",
        row: WARM,
        slow: PROCSPAWN,
        fast: CONCUR,
        limit: Limit::AtLeast(3.0),
    },
    Bar {
        says: "fresh at least 5 times faster than procspawn's spawn!",
        row: FRESH,
        slow: PROCSPAWN,
        fast: CONCUR,
        limit: Limit::AtLeast(5.0),
    },
    Bar {
        says: "cold no slower than procspawn's spawn!",
        row: COLD,
        slow: CONCUR,
        fast: PROCSPAWN,
        limit: Limit::AtMost(1.0),
    },
];

pub(crate) fn print(scores: &[Score]) {
    println!();
    println!("the bars, in this run:");
    for bar in BARS {
        let (verdict, ratio) = judge(bar, scores);
        println!("    {verdict:14}{:56}{ratio:>8}", bar.says);
    }
}

fn judge(bar: &Bar, scores: &[Score]) -> (&'static str, String) {
    let time = |contender| time_of(scores, bar.row, contender);
    let (Some(slow), Some(fast)) = (time(bar.slow), time(bar.fast)) else {
        return ("not measured", String::from("-"));
    };
    let ratio = slow.div_duration_f64(fast);
    let met = match bar.limit {
        Limit::AtLeast(least) => ratio >= least,
        Limit::AtMost(most) => ratio <= most,
    };
    (if met { "met" } else { "not met" }, format!("{ratio:.2}"))
}
