//! procspawn: the peer that is nearest to concur and the fastest of those that still run.
//!
//! Used as its documentation shows, with nothing slower than it has to be: a value goes in by move
//! and comes back to go in again, where that saves a copy.

use std::collections::VecDeque;
use std::hint::black_box;

use procspawn::{Pool, spawn};
use serde_bytes::ByteBuf;

use crate::plan::Effort;
use crate::sample::{Measure, burn, each_of, timed};

const MIB: usize = 1 << 20;
/// How many calls are on their way at once. Each holds four descriptors.
const WINDOW: usize = 64;

pub(crate) fn warm(_: &Effort) -> Measure {
    let pool = workers(1);
    Box::new(move || each_of(8, || trip(&pool)))
}

pub(crate) fn one_trip(_: &Effort) -> Measure {
    let pool = workers(1);
    Box::new(move || timed(|| trip(&pool)))
}

pub(crate) fn fresh(_: &Effort) -> Measure {
    Box::new(|| timed(one_task))
}

pub(crate) fn fresh_pair(_: &Effort) -> Measure {
    Box::new(|| {
        timed(|| {
            let (x, y) = (black_box(41_u64), black_box(1_u64));
            let (a, b) = (spawn!((x) || x + 1), spawn!((y) || y + 1));
            assert_eq!(a.join().expect("the task ends well"), 42);
            assert_eq!(b.join().expect("the task ends well"), 2);
        })
    })
}

pub(crate) fn two_tasks(effort: &Effort) -> Measure {
    let pool = workers(2);
    let steps = effort.steps;
    Box::new(move || {
        timed(|| {
            [1_u64, 2]
                .map(|seed| spawn!(in pool, (seed, steps) || burn(seed, steps)))
                .map(|task| task.join().expect("the task ends well"))
        })
    })
}

pub(crate) fn bytes(_: &Effort) -> Measure {
    let pool = workers(1);
    let mut data = vec![7_u8; MIB];
    Box::new(move || {
        timed(|| {
            let input = std::mem::take(&mut data);
            data = pool.spawn(input, |data| data).join().expect("the task ends well");
            assert_eq!(data.len(), MIB);
        })
    })
}

/// The same with the element-by-element way of `Vec<u8>` through serde avoided by hand. Its `Shmem`
/// is no contender: 1.0.2 cannot pass one as an argument into a pool.
pub(crate) fn wrapped_bytes(_: &Effort) -> Measure {
    let pool = workers(1);
    let mut data = ByteBuf::from(vec![7_u8; MIB]);
    Box::new(move || {
        timed(|| {
            let input = std::mem::take(&mut data);
            data = pool.spawn(input, |data| data).join().expect("the task ends well");
            assert_eq!(data.len(), MIB);
        })
    })
}

pub(crate) fn many(effort: &Effort) -> Measure {
    let pool = workers(2);
    let tasks = effort.tasks;
    Box::new(move || {
        timed(|| {
            let mut results = Vec::new();
            let mut under_way = VecDeque::new();
            for n in 0..u64::from(tasks) {
                if under_way.len() == WINDOW {
                    results.extend(under_way.pop_front().map(procspawn::JoinHandle::join));
                }
                under_way.push_back(spawn!(in pool, (n) || n + 1));
            }
            results.extend(under_way.into_iter().map(procspawn::JoinHandle::join));
            let sum: u64 = results.into_iter().map(|n| n.expect("the task ends well")).sum();
            assert_eq!(sum, (1..=u64::from(tasks)).sum::<u64>());
        }) / tasks
    })
}

/// One task in a process of its own.
pub(crate) fn one_task() {
    let x = black_box(41_u64);
    assert_eq!(spawn!((x) || x + 1).join().expect("the task ends well"), 42);
}

fn workers(size: usize) -> Pool {
    Pool::new(size).expect("procspawn starts its workers")
}

fn trip(pool: &Pool) {
    let x = black_box(41_u64);
    assert_eq!(spawn!(in pool, (x) || x + 1).join().expect("the task ends well"), 42);
}
