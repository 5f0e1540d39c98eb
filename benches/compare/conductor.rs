//! Goes through the plan in interleaved rounds and collects the medians.
//!
//! In a round each contender of each row has its turn, and who begins moves on from round to round,
//! so that what slows the machine down for a while slows them all. A sample is a process; one that
//! fails, or hangs, costs its contender the row and the others nothing.

use std::io::{self, BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use crate::launch::{self, adopt_orphans, reap_orphans, this_program};
use crate::plan::{Contender, Effort, ROWS, Row};
use crate::sample::median;

/// A sample that takes longer hangs: it measures for a fraction of a second.
const PATIENCE: Timespec = Timespec { tv_sec: 5, tv_nsec: 0 };

/// What one contender did in one row.
pub(crate) struct Score {
    pub(crate) row: &'static Row,
    pub(crate) contender: &'static Contender,
    /// One for each sample, in the order taken: those of one turn stand at the same place.
    pub(crate) medians: Vec<Duration>,
    pub(crate) failure: Option<String>,
}

impl Score {
    /// The median of the medians.
    pub(crate) fn time(&self) -> Option<Duration> {
        (self.failure.is_none() && !self.medians.is_empty()).then(|| median(self.medians.clone()))
    }
}

/// Plays the rows whose key holds one of the words, or all if there is none.
pub(crate) fn play(effort: &Effort, wanted: &[&str]) -> Vec<Score> {
    adopt_orphans();
    let picked = |row: &&Row| wanted.is_empty() || wanted.iter().any(|word| row.key.contains(word));
    let mut parts: Vec<Vec<Score>> = ROWS.iter().filter(picked).map(scores_of).collect();

    let start = Instant::now();
    for round in 0..effort.rounds {
        eprintln!("round {} of {}", round + 1, effort.rounds);
        for scores in &mut parts {
            if round > 0 && start.elapsed() > effort.whole {
                continue;
            }
            for _ in 0..scores[0].row.iterations.samples.div_ceil(effort.divisor) {
                for score in scores.iter_mut() {
                    take_turn(score, effort);
                }
                scores.rotate_left(1);
            }
        }
    }

    for scores in &mut parts {
        let rows = scores[0].row.contenders;
        scores.sort_by_key(|score| rows.iter().position(|other| other.key == score.contender.key));
    }
    parts.into_iter().flatten().collect()
}

fn scores_of(row: &'static Row) -> Vec<Score> {
    let score = |contender| Score { row, contender, medians: Vec::new(), failure: None };
    row.contenders.iter().map(score).collect()
}

fn take_turn(score: &mut Score, effort: &Effort) {
    if score.failure.is_some() {
        return;
    }
    match sample(score, effort) {
        Ok(median) => score.medians.push(median),
        Err(err) => score.failure = Some(err.to_string()),
    }
}

/// Takes one sample in a process of its own, and sees it and its descendants off.
fn sample(score: &Score, effort: &Effort) -> io::Result<Duration> {
    let mut child = this_program()
        .args([launch::SAMPLE, score.row.key, score.contender.key, effort.name])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        // A group of its own, so that a sample that hangs is killed with what it started.
        .process_group(0)
        .spawn()?;
    let answer = answer_of(&mut child);
    if !reap_orphans() {
        eprintln!("{}: {} left a process that would not end", score.row.key, score.contender.label);
    }
    answer
}

fn answer_of(child: &mut Child) -> io::Result<Duration> {
    let pid = Pid::from_child(child);
    let ended = pidfd_open(pid, PidfdFlags::empty())?;
    if poll(&mut [PollFd::new(&ended, PollFlags::IN)], Some(&PATIENCE))? == 0 {
        kill_process_group(pid, Signal::KILL)?;
        child.wait()?;
        return Err(io::Error::other(format!("no end after {} s", PATIENCE.tv_sec)));
    }
    let status = child.wait()?;
    if !status.success() {
        return Err(io::Error::other(format!("the sample ended with {status}")));
    }

    // One line and no more: to read until the end would be to wait for all who hold the pipe.
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped above")).read_line(&mut line)?;
    line.trim().parse().map(Duration::from_nanos).map_err(io::Error::other)
}
