//! How much of what an ending says is kept, so that it fits into a frame: the same on every driver.

use crate::error::PanicInfo;
#[cfg(target_os = "linux")]
use crate::hooks::failure::{Fault, FaultEnding};
use crate::outcome::Ending;
use crate::task::failure::Report;

/// What is left of a text besides says how much was left out, in fewer bytes than this.
const REMARK: usize = 64;

/// Cuts what an ending says.
pub(crate) fn ending(ending: &mut Ending) {
    match ending {
        Ending::Done | Ending::Dropped => {}
        Ending::Failed(report) => cut_report(report),
        Ending::Panicked(info) => panic(info),
        Ending::Undecodable(reason) | Ending::Unencodable(reason) | Ending::Refused(reason) => {
            cut_text(reason, 8 * 1024);
        }
    }
}

/// Cuts what a hook says.
#[cfg(target_os = "linux")]
pub(crate) fn fault(fault: &mut Fault) {
    match &mut fault.ending {
        FaultEnding::Failed(report) => cut_report(report),
        FaultEnding::Panicked(info) => panic(info),
    }
}

/// Cuts what a panic says.
pub(crate) fn panic(info: &mut PanicInfo) {
    cut_text(&mut info.message, 8 * 1024);
    for text in [&mut info.file, &mut info.thread].into_iter().flatten() {
        cut_text(text, 1024);
    }
    if let Some(backtrace) = &mut info.backtrace {
        cut_text(backtrace, 14 * 1024);
    }
}

fn cut_report(report: &mut Report) {
    cut_text(&mut report.message, 8 * 1024);
    let mut left: usize = 12 * 1024;
    report.sources.retain_mut(|source| {
        let is_kept = left > 0;
        // A long one leaves room for those below it, which are nearer to the cause.
        cut_text(source, left.min(4 * 1024));
        left = left.saturating_sub(source.len() + 16);
        is_kept
    });
}

/// What was cut before stays as it is.
fn cut_text(text: &mut String, limit: usize) {
    if text.len() <= limit + REMARK {
        return;
    }
    let left_out = text.len() - limit;
    let at = (0..=limit).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.truncate(at);
    text.push_str("... (");
    text.push_str(&left_out.to_string());
    text.push_str(" bytes left out)");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_cut_is_not_cut_again() {
        let long = || "x".repeat(100_000);
        let mut once = Ending::Failed(Report {
            message: long(),
            sources: vec![long(), long(), "short".to_owned(), long(), long()],
            permanent: false,
            value: None,
        });
        ending(&mut once);
        let mut twice = once.clone();
        ending(&mut twice);
        assert_eq!(once, twice);
        let Ending::Failed(report) = once else { unreachable!("it is none other") };
        assert!(report.message.ends_with("xxx... (91808 bytes left out)"), "{}", report.message);
        assert_eq!(report.sources[2], "short");
    }
}
