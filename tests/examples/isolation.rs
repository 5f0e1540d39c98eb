//! `examples/isolation`: each mishap under its own name, and a program that lives on.

use super::{example, line_with, printed};

#[test]
fn every_mishap_has_its_name_and_the_program_lives_on() {
    let printed = printed(example("isolation"));
    for (task, kind, words) in [
        ("`refuses`", "failed", "invalid digit found in string"),
        ("`panics`", "panicked", "the len is 2 but the index is 2, at "),
        ("`crashes`", "killed", "SIGABRT"),
        ("`overflows`", "killed", "overflowed its stack and was killed by SIGSEGV"),
        ("`hangs`", "timed out", "its timeout of 300ms"),
        ("`hoards`", "out of memory", "its limit is 64 MiB"),
        ("`quits`", "exited", "code 0"),
    ] {
        let line = line_with(task, &printed);
        assert!(line.trim_start().starts_with(kind) && line.contains(words), "{line}");
    }
    assert!(line_with("succeeded", &printed).ends_with("and gave 6"));
    let process = |line: &str| {
        line.split_whitespace().nth(1).and_then(|pid| pid.parse::<u32>().ok()).expect("its id")
    };
    let begin = process(line_with(" runs eight tasks", &printed));
    let end = line_with(" goes on", &printed);
    assert_eq!(begin, process(end));
    assert!(end.ends_with("[1, 4, 9, 16, 25]"), "{end}");
}
