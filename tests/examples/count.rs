//! The example `count`: a command-line tool.

use super::{example, line_with, printed};

#[test]
fn counts_files_on_every_driver() {
    let dir = tempfile::tempdir().expect("there is room");
    std::fs::write(dir.path().join("one"), "a few words\nin lines\n").expect("it can be written");
    std::fs::create_dir(dir.path().join("deep")).expect("it can be made");
    std::fs::write(dir.path().join("deep/two"), "more").expect("it can be written");
    for driver in ["process", "fork", "thread", "sync"] {
        let mut command = example("count");
        command.args(["--driver", driver, "--limit", "2"]).arg(dir.path());
        let printed = printed(command);
        assert!(line_with("deep/two", &printed).starts_with("       1        1          4"));
        assert!(line_with("/one", &printed).starts_with("       2        5         21"));
        assert!(line_with("in 2 files", &printed).starts_with("       3        6         25"));
    }
}

#[test]
fn a_file_that_cannot_be_read_hides_no_other() {
    let dir = tempfile::tempdir().expect("there is room");
    std::fs::write(dir.path().join("there"), "words").expect("it can be written");
    let mut command = example("count");
    command.arg(dir.path().join("there")).arg(dir.path().join("gone"));
    let output = command.output().expect("it starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("in 2 files"));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("gone: No such file or directory"), "{stderr}");
}

#[test]
fn a_wrong_command_line_is_told() {
    for (arguments, said) in
        [(["--driver", "warp"], "`warp`"), (["--limit", "many"], "digit"), (["--x", ""], "--x")]
    {
        let mut command = example("count");
        let output = command.args(arguments).output().expect("it starts");
        assert_eq!(output.status.code(), Some(2));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains(said), "{stderr}");
    }
}
