//! The bars that concur set itself, and whether this run met them.
//!
//! Information only: a time on a busy machine is no reason to fail, so nothing here asserts. The
//! verdict is that of the medians; beside it stands in how many of the rounds the bar held, for a
//! bar that held in about half of them was neither met nor missed.

use std::time::Duration;

use crate::conductor::Score;
use crate::plan::key::{COLD, CONCUR, FRESH, PROCSPAWN, PROGRAM, SOCKET, WARM};
use crate::report::score_of;

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
    Bar {
        says: "and the whole of such a program no slower either",
        row: PROGRAM,
        slow: CONCUR,
        fast: PROCSPAWN,
        limit: Limit::AtMost(1.0),
    },
];

pub(crate) fn print(scores: &[Score]) {
    println!();
    println!("the bars, in this run:");
    for bar in BARS {
        let (verdict, ratio, held) = judge(bar, scores);
        println!("    {verdict:14}{:56}{ratio:>8}   {held}", bar.says);
    }
}

/// The verdict, the ratio of the medians, and how often it held among samples of the same turn.
fn judge(bar: &Bar, scores: &[Score]) -> (&'static str, String, String) {
    let score = |contender| score_of(scores, bar.row, contender);
    let time = |contender| score(contender)?.time();
    let (Some(slow), Some(fast)) = (time(bar.slow), time(bar.fast)) else {
        return ("not measured", String::from("-"), String::new());
    };
    let turns = |contender| score(contender).map_or(&[][..], |score| &score.medians[..]);
    let pairs = || turns(bar.slow).iter().zip(turns(bar.fast));
    let held = pairs().filter(|(slow, fast)| bar.limit.holds(**slow, **fast)).count();

    let verdict = if bar.limit.holds(slow, fast) { "met" } else { "not met" };
    let ratio = format!("{:.2}", slow.div_duration_f64(fast));
    (verdict, ratio, format!("held in {held} of {}", pairs().count()))
}

impl Limit {
    fn holds(&self, slow: Duration, fast: Duration) -> bool {
        let ratio = slow.div_duration_f64(fast);
        match self {
            Self::AtLeast(least) => ratio >= *least,
            Self::AtMost(most) => ratio <= *most,
        }
    }
}
