//! How a service is tested whose methods are tasks: the example's, as its own crate would test it.

#[path = "../examples/service/analyzer.rs"]
mod analyzer;

use analyzer::{AnalysisError, Analyzer, Report, Sale};
use concur::testing::fake;
use concur::{Config, Driver, ErrorKind};

fn analyzer() -> Analyzer {
    let sale = |product: &str, year, cents| Sale { product: product.to_owned(), year, cents };
    let sales = vec![sale("tea", 2024, 100), sale("tea", 2025, 150), sale("cups", 2025, 50)];
    Analyzer::new("EU", sales)
}

/// A unit test: no process, no thread, only how the service puts its parts together.
#[test]
fn a_report_is_made_of_what_the_tasks_give() {
    let fake = fake();
    fake.returns("growth", 12.5_f64);
    fake.returns("best", ("cups".to_owned(), 7_u64));
    let report = analyzer().report(2025).expect("both are answered");
    let expected =
        Report { title: "EU in 2025".to_owned(), growth: 12.5, best: ("cups".to_owned(), 7) };
    assert_eq!(report, expected);
    assert_eq!((fake.ran("growth"), fake.ran("best")), (1, 1));
}

#[test]
fn a_report_fails_with_the_task_that_fails() {
    let fake = fake();
    fake.times_out("growth");
    fake.returns("best", ("cups".to_owned(), 7_u64));
    let err = analyzer().report(2025).expect_err("one of them is too slow");
    assert_eq!((err.kind(), err.task()), (ErrorKind::TimedOut, Some("growth")));
}

/// An integration test: the same on this thread and in other processes.
#[test]
fn a_report_is_the_same_on_every_driver() {
    for driver in [Driver::Sync, Driver::Process] {
        Config::new().driver(driver.clone()).install().expect("it is allowed");
        let report = analyzer().report(2025).expect("there are sales");
        assert_eq!(report.best, ("tea".to_owned(), 150), "{driver}");
        assert!((report.growth - 100.0).abs() < 1e-9, "{driver}");

        let err = analyzer().report(2030).expect_err("there are none");
        let value = err.failures()[0].decode_error::<AnalysisError>();
        assert!(matches!(value, Some(AnalysisError::NothingSold { .. })), "{driver}: {err}");
    }
}
