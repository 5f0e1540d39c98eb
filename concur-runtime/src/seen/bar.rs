//! A bar on the terminal: how many tasks are done, run and have failed.
//!
//! It has no thread of its own (driver Fork wants none): it is drawn when something happens, and now
//! and then while the run waits. Several runs have a line each. A terminal belongs to whoever writes
//! there, so the bar goes away while what tasks record is handed on; what tasks print themselves it
//! cannot know of.

use std::fmt::Write;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressState, ProgressStyle};

use super::{Begun, Ended, How, Launched, Observer, View};
use crate::context::Moment;
use crate::error::Error;
use crate::locks::lock;

/// The lines of this process' runs, below each other, while there are any. What was printed since the
/// last one went would be taken for theirs.
static SHOWN: Mutex<Option<Shown>> = Mutex::new(None);

struct Shown {
    bars: MultiProgress,
    runs: usize,
}

fn shown() -> MutexGuard<'static, Option<Shown>> {
    lock(&SHOWN)
}

/// How often it is drawn while nothing happens: the time goes on.
const REDRAWN_AFTER: Duration = Duration::from_millis(250);

/// How long it is left as it is, however much happens.
const KEPT_FOR: Duration = Duration::from_millis(40);

/// What is known of one run.
pub(super) struct Bar {
    line: Line,
    done: u64,
    failed: u64,
    /// The places of the tasks that are under way.
    running: Vec<usize>,
    /// When it was drawn; `None` where something else was written since.
    drawn: Option<Moment>,
    concluded: bool,
}

/// The bar on the terminal, for all who have to make room for others.
#[derive(Clone)]
pub(super) struct Line {
    bars: MultiProgress,
    bar: ProgressBar,
}

impl Line {
    /// Writes something else to the terminal.
    pub(super) fn aside<R>(&self, write: impl FnOnce() -> R) -> R {
        // Not by `suspend`, which holds a lock while the user's code runs.
        let _ = self.bars.clear();
        let result = write();
        self.bar.force_draw();
        result
    }
}

impl Bar {
    /// `None` where nobody asked for one or nobody would see it.
    pub(super) fn begin(run: &Begun<'_>, tasks: Option<usize>) -> Option<Self> {
        // A task's block has none: the bar of the run around it is there already.
        if !run.progress || !run.is_outermost {
            return None;
        }
        let mut shown = shown();
        let new = || Shown { bars: MultiProgress::new(), runs: 0 };
        let Shown { bars, runs } = shown.get_or_insert_with(new);
        if bars.is_hidden() {
            return None;
        }
        *runs += 1;
        Some(Self::on(bars, tasks))
    }

    fn on(bars: &MultiProgress, tasks: Option<usize>) -> Self {
        let bar = match tasks {
            Some(tasks) => ProgressBar::new(tasks as u64)
                .with_style(style("[{bar:30}] {pos}/{len} done, {msg}, {elapsed}{left}")),
            None => {
                ProgressBar::no_length().with_style(style("{spinner} {pos} done, {msg}, {elapsed}"))
            }
        };
        let line = Line { bars: bars.clone(), bar: bars.add(bar) };
        let running = Vec::new();
        let mut this = Self { line, done: 0, failed: 0, running, drawn: None, concluded: false };
        this.draw();
        this
    }

    /// Draws what is known, unless it was drawn just now.
    fn draw(&mut self) {
        let now = Moment::now();
        if self.drawn.is_some_and(|drawn| now.since(drawn) < KEPT_FOR) {
            return;
        }
        self.drawn = Some(now);
        self.tell(&format!("{} running, {} failed", self.running.len(), self.failed));
        self.line.bar.force_draw();
    }

    fn tell(&self, message: &str) {
        // In this order: each of the two may draw, the first time without what the other says.
        self.line.bar.set_message(message.to_owned());
        self.line.bar.update(|state| state.set_pos(self.done));
    }
}

fn style(template: &str) -> ProgressStyle {
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("=> ").tick_chars("-\\|/ ").with_key("left", left)
}

/// How long it will take, once something is done to guess it from.
fn left(state: &ProgressState, into: &mut dyn Write) {
    if state.pos() > 0 && state.len().is_some_and(|len| state.pos() < len) {
        let _ = write!(into, ", about {:#} left", HumanDuration(state.eta()));
    }
}

impl Observer for Bar {
    fn launched(&mut self, attempt: &Launched<'_>, view: &mut View) {
        self.running.push(attempt.index);
        view.line = Some(self.line.clone());
        self.draw();
    }

    fn started(&mut self, _index: usize, _when: Moment) {}

    fn make_room(&mut self) {
        let _ = self.line.bars.clear();
        self.drawn = None;
    }

    fn ended(&mut self, ended: &Ended<'_>) {
        self.running.retain(|index| *index != ended.index);
        match ended.how {
            How::Done => self.done += 1,
            How::Failed(_) => {
                self.done += 1;
                self.failed += 1;
            }
            How::Again(..) | How::Cancelled => {}
        }
        self.draw();
    }

    fn run_ended(&mut self, _result: Result<(), &Error>) {
        self.concluded = true;
        let bar = &self.line.bar;
        bar.set_style(style(match bar.length() {
            Some(_) => "[{bar:30}] {pos}/{len} done, {msg}, {elapsed}",
            None => "{pos} done, {msg}, {elapsed}",
        }));
        self.tell(&format!("{} failed", self.failed));
        // It stays as it is: what came of the run.
        bar.abandon();
    }

    fn rest(&mut self) -> Option<Moment> {
        let now = Moment::now();
        if self.drawn.is_none_or(|drawn| now.since(drawn) >= REDRAWN_AFTER) {
            self.line.bar.tick();
            self.draw();
        }
        self.drawn.map(|drawn| drawn.after(REDRAWN_AFTER))
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if !self.concluded {
            self.line.bar.finish_and_clear();
            self.line.bars.remove(&self.line.bar);
        }
        let mut shown = shown();
        let is_last = shown.as_mut().is_none_or(|shown| {
            shown.runs -= 1;
            shown.runs == 0
        });
        if is_last {
            *shown = None;
        }
    }
}
