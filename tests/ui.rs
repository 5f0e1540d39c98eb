//! What a user reads who made a mistake: one program for each mistake, with the message it gets.
//!
//! The messages are those of the stable compiler; after a change of wording, look at each one and
//! run with `TRYBUILD=overwrite`.

use trybuild::TestCases;

#[test]
fn mistakes_get_a_message_that_helps() {
    TestCases::new().compile_fail("tests/ui/*.rs");
}

#[cfg(feature = "testing")]
#[test]
fn mistakes_with_fakes_get_a_message_that_helps() {
    TestCases::new().compile_fail("tests/ui_testing/*.rs");
}

/// trybuild builds with the features of the test itself.
#[cfg(not(feature = "tokio"))]
#[test]
fn await_without_a_runtime_names_the_feature() {
    TestCases::new().compile_fail("tests/ui_no_tokio/*.rs");
}

#[cfg(not(any(feature = "progress", feature = "config-file")))]
#[test]
fn methods_of_features_that_are_not_enabled_name_them() {
    TestCases::new().compile_fail("tests/ui_no_features/*.rs");
}
