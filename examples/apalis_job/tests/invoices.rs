//! The example does what it says: every job is done, also the one that a crash interrupted.

use std::process::Command;

#[test]
fn a_job_whose_block_crashed_is_done_again() {
    let output = Command::new(env!("CARGO_BIN_EXE_apalis-job")).output().expect("it starts");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    // Which of them ends first is nobody's promise.
    for line in [
        "Bob, attempt 1: task `page` was killed by SIGABRT (worker ",
        "Invoice for Ada: 1550 cents (attempt 1)\n",
        "Invoice for Bob: 80 cents (attempt 2)\n",
        "Invoice for Eve: 18 cents (attempt 1)\n",
    ] {
        assert_eq!(printed.matches(line).count(), 1, "{line:?} in:\n{printed}");
    }
    assert!(printed.ends_with("In the book of the queue: 3 jobs done.\n"), "{printed}");
}
