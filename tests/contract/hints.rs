//! Advice for tasks that miss what only `main` has set up.

use std::sync::OnceLock;

use concur::{Driver, concurrent};

/// Set by the caller alone.
static REGION: OnceLock<String> = OnceLock::new();

fn region() -> &'static str {
    REGION.get().expect("the region is not initialized")
}

pub(crate) fn what_only_main_sets_gets_a_hint_where_it_is_missing(driver: &Driver) {
    // A server that is there already does not inherit what is set now, and neither does a new one.
    REGION.get_or_init(|| "EU".to_owned());
    let run = concurrent! { letters => region().len() }.driver(driver.clone()).run();
    if *driver != Driver::Process {
        assert_eq!(run.expect("it is there"), (2,));
        return;
    }
    let err = run.expect_err("a worker has not run `main`");
    let hint = err.failures()[0].hint().expect("it looks like something of `main`");
    assert!(hint.contains("`#[concur::preload]`"), "{hint}");
    assert!(!err.to_string().contains("hint:"), "one line says what happened: {err}");
    assert!(format!("{err:?}").contains(&format!("\nhint: {hint}")), "{err:?}");
}

pub(crate) fn the_same_words_in_the_caller_get_no_hint(driver: &Driver) {
    let (failed, panicked) = concurrent! {
        failed => Err("the region is not initialized")?,
        panicked => panic!("the region is not initialized"),
    }
    .settle()
    .driver(driver.clone())
    .run()
    .expect("a settled run does not fail");
    let failed: Result<(), _> = failed;
    let panicked: Result<(), _> = panicked;
    // An error by `?` is the user's own words.
    assert_eq!(failed.expect_err("it fails").hint(), None);
    let hint = panicked.expect_err("it panics").hint().map(str::to_owned);
    assert_eq!(hint.is_some(), *driver == Driver::Process, "{hint:?}");
}
