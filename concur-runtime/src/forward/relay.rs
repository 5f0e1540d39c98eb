//! The caller's side: hands on what a worker has said.

use super::plain::Spoken;
use super::utterance::Utterance;
use crate::channel::{CallerEnd, Overheard};
use crate::codec;
use crate::engine::Job;
use crate::sys::ring::records;

/// Hands on what the worker has said since the last time, in the span of the attempt.
pub(crate) fn relay(end: &mut CallerEnd, job: &Job) {
    let Some(heard) = end.overhear() else { return };
    let speaker = Speaker { job, turn: end.turn(), pid: end.pid().unwrap_or(0) };
    job.view.aside(|| speaker.say_all(&heard));
}

/// In whose name something is said here.
struct Speaker<'a> {
    job: &'a Job,
    turn: u32,
    pid: u32,
}

impl Speaker<'_> {
    fn say_all(&self, heard: &Overheard) {
        let mut lost = heard.dropped;
        for record in records(&heard.bytes) {
            let Some((said_in, bytes)) = record.split_first_chunk::<4>() else { continue };
            let is_said = match codec::decode_all::<Utterance>(bytes) {
                Ok(utterance) => self.say(utterance, u32::from_le_bytes(*said_in)),
                Err(_) => false,
            };
            lost = lost.wrapping_add(u32::from(!is_said));
        }
        if lost == 0 {
            return;
        }
        if let Some(journal) = self.job.view.journal() {
            journal.write(Some(self.job.name()), self.pid, &Spoken::lost(lost));
        } else {
            self.job.view.in_name(Some(self.pid), || self.tell_of_lost(lost));
        }
    }

    /// Hands on what was said in a turn. What was said in an earlier one (after its task had ended, by
    /// a thread that it had left behind) is not in the name of this task. `false` if it cannot be
    /// handed on.
    fn say(&self, utterance: Utterance, turn: u32) -> bool {
        let is_own = turn == self.turn;
        if let Some(journal) = self.job.view.journal() {
            let task = is_own.then_some(self.job.name());
            journal.write(task, self.pid, &Spoken::said(&utterance));
            return true;
        }
        self.job.view.in_name(is_own.then_some(self.pid), || match utterance {
            #[cfg(feature = "tracing")]
            Utterance::Event(event) => {
                let is_named = !is_own || self.job.view.is_named();
                super::callsites::record(event, (!is_named).then_some(self.job.name()))
            }
            #[cfg(feature = "log")]
            Utterance::Record(record) => {
                self.log(&record, is_own);
                true
            }
        })
    }

    /// Logs as the task did. `log` has no spans, so the task's name stands in the text.
    #[cfg(feature = "log")]
    fn log(&self, record: &super::utterance::Record, is_own: bool) {
        let mut levels = log::Level::iter();
        let level = usize::from(record.level).checked_sub(1).and_then(|at| levels.nth(at));
        let Some(level) = level.filter(|level| *level <= log::max_level()) else { return };
        let name = self.job.name();
        let name =
            if is_own { format!("task `{name}` (worker {}): ", self.pid) } else { String::new() };
        log::logger().log(
            &log::Record::builder()
                .level(level)
                .target(&record.target)
                .module_path(record.module.as_deref())
                .file(record.file.as_deref())
                .line(record.line)
                .args(format_args!("{name}{}", record.text))
                .build(),
        );
    }

    fn tell_of_lost(&self, lost: u32) {
        let (name, pid) = (self.job.name(), self.pid);
        let text = format!(
            "{lost} events of task `{name}` were dropped: they were not read in time (worker {pid})"
        );
        #[cfg(feature = "tracing")]
        let by_tracing = self.job.view.is_listened_to();
        #[cfg(feature = "tracing")]
        if by_tracing {
            tracing::warn!(target: "concur", lost, "{text}");
        }
        #[cfg(all(feature = "tracing", feature = "log"))]
        if !by_tracing {
            log::warn!(target: "concur", "{text}");
        }
        #[cfg(not(feature = "tracing"))]
        log::warn!(target: "concur", "{text}");
    }
}
