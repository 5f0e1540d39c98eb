//! What is compared: the rows, who competes in each, and how hard one sample tries.
//!
//! This is the one table of the bench. It names a function for each contender and knows nothing of
//! how that measures; the conductor walks the table, the report prints in its order.

use std::time::Duration;

use crate::sample::Measure;
use crate::{cold, concur_rows, procspawn_rows, raw_rows, sample};

/// One thing to do, and those who do it.
pub(crate) struct Row {
    /// The word that picks it on the command line.
    pub(crate) key: &'static str,
    pub(crate) title: &'static str,
    /// The first is the raw primitive that the others are held against.
    pub(crate) contenders: &'static [Contender],
    pub(crate) iterations: Iterations,
}

/// One way to do it.
pub(crate) struct Contender {
    pub(crate) key: &'static str,
    pub(crate) label: &'static str,
    /// Makes ready, in a process of its own, and gives back what times one iteration.
    pub(crate) prepare: fn(&Effort) -> Measure,
}

/// How often a contender measures, in a full run.
pub(crate) struct Iterations {
    /// Samples in a round, each in a new process: more where a sample is fast or slow as a whole, by
    /// the CPUs that the scheduler happened to choose.
    pub(crate) samples: u32,
    /// Not counted; caches, pools and processes made ahead of need settle in them.
    pub(crate) warm_up: u32,
    pub(crate) counted: u32,
}

/// How hard a run tries.
pub(crate) struct Effort {
    pub(crate) name: &'static str,
    pub(crate) rounds: u32,
    /// The iterations of a row are divided by this.
    pub(crate) divisor: u32,
    /// A sample measures no longer than this, whatever its number of iterations.
    pub(crate) sample: Duration,
    /// No sample is begun after this, except in the first round.
    pub(crate) whole: Duration,
    /// The tasks of one iteration of `many`.
    pub(crate) tasks: u32,
    /// The steps of one CPU-bound task: about 25 ms of the full run.
    pub(crate) steps: u64,
}

pub(crate) const FULL: Effort = Effort {
    name: "full",
    rounds: 9,
    divisor: 1,
    sample: Duration::from_millis(250),
    whole: Duration::from_secs(50),
    tasks: 10_000,
    steps: 20_000_000,
};

pub(crate) const QUICK: Effort = Effort {
    name: "quick",
    rounds: 1,
    divisor: 20,
    sample: Duration::from_millis(25),
    whole: Duration::from_secs(10),
    tasks: 500,
    steps: 500_000,
};

/// The keys that the bars ask for.
pub(crate) mod key {
    pub(crate) const WARM: &str = "warm";
    pub(crate) const FRESH: &str = "fresh";
    pub(crate) const COLD: &str = "cold";
    pub(crate) const PROGRAM: &str = "cold-program";

    pub(crate) const CONCUR: &str = "concur";
    pub(crate) const PROCSPAWN: &str = "procspawn";
    pub(crate) const SOCKET: &str = "socket";
}

const fn concur(prepare: fn(&Effort) -> Measure) -> Contender {
    Contender { key: key::CONCUR, label: "concur", prepare }
}

const fn pool(prepare: fn(&Effort) -> Measure) -> Contender {
    Contender { key: key::PROCSPAWN, label: "procspawn: Pool", prepare }
}

const fn spawn(prepare: fn(&Effort) -> Measure) -> Contender {
    Contender { key: key::PROCSPAWN, label: "procspawn: spawn!", prepare }
}

const fn socket(prepare: fn(&Effort) -> Measure) -> Contender {
    Contender { key: key::SOCKET, label: "raw: socket pair", prepare }
}

const fn fork(prepare: fn(&Effort) -> Measure) -> Contender {
    Contender { key: "fork", label: "raw: fork, waitpid", prepare }
}

pub(crate) const ROWS: &[Row] = &[
    Row {
        key: key::WARM,
        title: "round trip to a waiting worker, u64 in, u64 out, back to back",
        contenders: &[
            socket(raw_rows::warm),
            concur(concur_rows::warm),
            pool(procspawn_rows::warm),
        ],
        iterations: Iterations { samples: 3, warm_up: 20, counted: 100 },
    },
    Row {
        key: "idle",
        title: "the same round trip, each after 1 ms of idling",
        contenders: &[
            socket(|effort| sample::after_idling(raw_rows::one_trip(effort))),
            concur(|effort| sample::after_idling(concur_rows::one_trip(effort))),
            pool(|effort| sample::after_idling(procspawn_rows::one_trip(effort))),
        ],
        iterations: Iterations { samples: 1, warm_up: 10, counted: 60 },
    },
    Row {
        key: key::FRESH,
        title: "a new process for each task, one after another",
        contenders: &[
            fork(raw_rows::fresh),
            Contender { key: "exec", label: "raw: posix_spawn of itself", prepare: raw_rows::exec },
            concur(concur_rows::fresh),
            spawn(procspawn_rows::fresh),
        ],
        iterations: Iterations { samples: 1, warm_up: 6, counted: 60 },
    },
    Row {
        key: "pair",
        title: "a new process for each task, two at a time, time per pair",
        contenders: &[
            fork(raw_rows::fresh_pair),
            concur(concur_rows::fresh_pair),
            spawn(procspawn_rows::fresh_pair),
        ],
        iterations: Iterations { samples: 1, warm_up: 3, counted: 30 },
    },
    Row {
        key: key::COLD,
        title: "a program that has just started, from main to the result of its first task",
        contenders: &[
            Contender {
                key: "spawn",
                label: "raw: posix_spawn of itself",
                prepare: |_| cold::measure_first(cold::SPAWN),
            },
            concur(|_| cold::measure_first(cold::CONCUR)),
            spawn(|_| cold::measure_first(cold::PROCSPAWN)),
        ],
        iterations: Iterations { samples: 4, warm_up: 1, counted: 8 },
    },
    Row {
        key: key::PROGRAM,
        title: "such a program from its start, through that task, to its end",
        contenders: &[
            Contender {
                key: "nothing",
                label: "floor: does nothing",
                prepare: |_| cold::measure(cold::NOTHING),
            },
            Contender {
                key: "spawn",
                label: "raw: posix_spawn of itself",
                prepare: |_| cold::measure(cold::SPAWN),
            },
            concur(|_| cold::measure(cold::CONCUR)),
            spawn(|_| cold::measure(cold::PROCSPAWN)),
        ],
        iterations: Iterations { samples: 4, warm_up: 1, counted: 8 },
    },
    Row {
        key: "cpu",
        title: "two CPU-bound tasks at once; 0.50 to the first is a speed-up of 2",
        contenders: &[
            Contender {
                key: "sequence",
                label: "one after the other, in process",
                prepare: raw_rows::sequence,
            },
            fork(raw_rows::two_tasks),
            concur(concur_rows::two_tasks),
            pool(procspawn_rows::two_tasks),
        ],
        iterations: Iterations { samples: 1, warm_up: 1, counted: 3 },
    },
    Row {
        key: "bytes",
        title: "1 MiB in and out of a waiting worker",
        contenders: &[
            socket(raw_rows::bytes),
            concur(concur_rows::bytes),
            pool(procspawn_rows::bytes),
            Contender {
                key: "wrapped",
                label: "procspawn: Pool, serde_bytes",
                prepare: procspawn_rows::wrapped_bytes,
            },
        ],
        iterations: Iterations { samples: 1, warm_up: 3, counted: 30 },
    },
    Row {
        key: "many",
        title: "10,000 tiny tasks (500 when quick) on two workers, time per task",
        contenders: &[
            socket(raw_rows::many),
            concur(concur_rows::many),
            pool(procspawn_rows::many),
        ],
        iterations: Iterations { samples: 1, warm_up: 0, counted: 1 },
    },
];

/// The row and the contender that these two keys name.
pub(crate) fn find(row: &str, contender: &str) -> Option<(&'static Row, &'static Contender)> {
    let row = ROWS.iter().find(|candidate| candidate.key == row)?;
    let contender = row.contenders.iter().find(|candidate| candidate.key == contender)?;
    Some((row, contender))
}
