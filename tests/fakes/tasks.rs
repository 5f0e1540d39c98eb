//! Fakes of tasks that are made one by one, and of deferred ones.

use concur::attr::concurrent;
use concur::testing::{Answer, fake};
use concur::{Driver, Error, ErrorKind, Task, concurrent as block, join, join_all};
use serde::{Deserialize, Serialize};

use super::{DRIVERS, never};

#[concurrent]
fn double(number: u64) -> u64 {
    number * 2
}

/// On the thread of the test, where it is not faked.
fn doubled(number: u64) -> Task<u64> {
    double_task(number).driver(Driver::Sync)
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Shop {
    region: String,
}

impl Shop {
    #[concurrent]
    fn sales(&self, years: &[u16]) -> Result<u64, String> {
        Err(format!("no books of {years:?} in {}", self.region))
    }
}

#[test]
fn a_task_belongs_to_where_it_is_built() -> Result<(), Error> {
    let before = doubled(1);
    let fake = fake();
    fake.returns("double", 7_u64).runs_with("other", |(number,): (u64,)| number + 100);
    assert_eq!(doubled(1).run()?, 7);
    let all = join((before, doubled(2), doubled(3).named("other")));
    assert_eq!(all.run()?, (2, 7, 103));
    assert_eq!(fake.captures::<(u64,)>("double"), [(1,), (2,)]);
    drop(fake);
    assert_eq!(doubled(1).run()?, 2);
    Ok(())
}

#[test]
fn a_function_that_is_called_is_no_task() {
    let fake = fake();
    assert_eq!(double(2), 4);
    fake.assert_nothing_ran();
}

#[test]
fn the_tasks_of_a_join_all_belong_to_where_it_is_built() -> Result<(), Error> {
    let fake = fake();
    fake.answers("double", [Answer::returns(1_u64), Answer::fails("down"), Answer::returns(3_u64)]);
    let all = join_all((0..3).map(doubled)).settle();
    drop(fake);
    let all: Vec<Result<u64, ErrorKind>> =
        all.run()?.into_iter().map(|one| one.map_err(|err| err.kind())).collect();
    assert_eq!(all, [Ok(1), Err(ErrorKind::Failed), Ok(3)]);
    Ok(())
}

#[test]
fn a_method_captures_self_and_its_arguments_in_order() -> Result<(), Error> {
    let fake = fake();
    fake.returns("sales", 12_u64);
    let shop = Shop { region: "EU".to_owned() };
    assert_eq!(shop.sales_task(&[2025, 2026]).run()?, 12);
    let captures = fake.captures::<(Shop, Vec<u16>)>("sales");
    assert_eq!(captures, [(shop, vec![2025, 2026])]);
    Ok(())
}

#[test]
fn the_options_of_a_task_are_kept() -> Result<(), Error> {
    let fake = fake();
    fake.fails_once("double", "busy").returns("double", 5_u64);
    assert_eq!(double_task(1).retries(1).run()?, 5);
    let nowhere = double_task(1).driver(Driver::Named("nowhere".into()));
    assert_eq!(nowhere.run().expect_err("there is none").kind(), ErrorKind::Config);
    assert_eq!((fake.ran("double"), fake.attempts("double")), (1, 2));
    let (named, plain) = block! {
        #[task(name = "double", retries = 1)]
        named => never::<u64>(),
        plain => never::<u64>(),
    }
    .settle()
    .run()?;
    assert_eq!(named.ok(), Some(5));
    assert_eq!(plain.expect_err("no answer").task(), "plain");
    Ok(())
}

#[test]
fn deferred_tasks_are_noted_and_never_run() -> Result<(), Error> {
    for driver in DRIVERS {
        let fake = fake();
        fake.passthrough();
        let order = 17_u32;
        let mail = block! { mail => { let _ = order; never::<()>() }, log => never::<()>() };
        let deferred = mail.driver(driver.clone()).defer()?;
        assert!(deferred.is_done());
        deferred.wait()?;
        double_task(3).driver(driver.clone()).defer()?.wait()?;
        block! { for page in 0..4_u8 => { let _ = page; never::<()>() } }.driver(driver).defer()?;
        fake.assert_deferred("mail");
        assert_eq!(["mail", "log", "double", "page"].map(|task| fake.deferred(task)), [1, 1, 1, 4]);
        assert_eq!(fake.deferred_captures::<(u32,)>("mail"), [(17,)]);
        assert_eq!(fake.deferred_captures::<(u64,)>("double"), [(3,)]);
        fake.assert_nothing_ran();
    }
    Ok(())
}

#[test]
fn wrong_settings_of_deferred_tasks_are_errors() {
    let fake = fake();
    let err = join((double_task(1),)).driver(Driver::Named("nowhere".into())).defer();
    assert_eq!(err.expect_err("there is none").kind(), ErrorKind::Config);
    fake.assert_nothing_deferred();
}

#[test]
fn what_was_built_before_the_fake_is_deferred_really() -> Result<(), Error> {
    let before = doubled(1);
    let fake = fake();
    before.defer()?.wait()?;
    fake.assert_nothing_deferred();
    fake.assert_nothing_ran();
    Ok(())
}
