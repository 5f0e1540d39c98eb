//! Fakes of tasks that are made one by one, and of deferred ones.

use super::{Answer, defer, fake};
use crate::driver::Driver;
use crate::error::{Error, ErrorKind};
use crate::join::{join, join_all};
use crate::single::Task;
use crate::task::Site;
use crate::task::body::{body, task};
use crate::task::capture::ByValue;
use crate::task::input::Input;
use crate::task::result::results::IsReturned as _;

/// What the attribute makes of `fn double(number: u64) -> u64`.
fn double_task(number: u64) -> Task<u64> {
    let captures = (ByValue::<u64>::new(), ());
    let mut input = Input::new();
    input.put(&captures.0, &number);
    let (body, returning) = body(&captures, |&(), (number, ())| Ok(number * 2));
    let result = (&&returning).__concur_result(returning);
    let site = Site::new("double", file!(), line!(), column!());
    task(site, input, captures, result, body).driver(Driver::Sync)
}

#[test]
fn a_task_belongs_to_where_it_is_built() -> Result<(), Error> {
    let before = double_task(1);
    let fake = fake();
    fake.returns("double", 7_u64);
    assert_eq!(double_task(1).run()?, 7);
    let all = join((before, double_task(2), double_task(3).named("other")));
    fake.runs_with("other", |(number,): (u64,)| number + 100);
    assert_eq!(all.run()?, (2, 7, 103));
    assert_eq!(fake.captures::<(u64,)>("double"), [(1,), (2,)]);
    drop(fake);
    assert_eq!(double_task(1).run()?, 2);
    Ok(())
}

#[test]
fn the_tasks_of_a_join_all_belong_to_where_it_is_built() -> Result<(), Error> {
    let fake = fake();
    fake.answers("double", [Answer::returns(1_u64), Answer::fails("down"), Answer::returns(3_u64)]);
    let all = join_all((0..3).map(double_task)).settle();
    drop(fake);
    let all: Vec<Result<u64, ErrorKind>> =
        all.run()?.into_iter().map(|one| one.map_err(|err| err.kind())).collect();
    assert_eq!(all, [Ok(1), Err(ErrorKind::Failed), Ok(3)]);
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
    Ok(())
}

#[test]
fn a_deferred_task_is_noted_and_goes_no_further() {
    assert!(!defer(&double_task(1).spec));
    let fake = fake();
    fake.assert_nothing_deferred();
    assert!(defer(&double_task(2).spec));
    assert!(defer(&double_task(3).spec));
    fake.assert_deferred("double");
    fake.assert_nothing_ran();
    assert_eq!((fake.deferred("double"), fake.deferred("other")), (2, 0));
    assert_eq!(fake.deferred_captures::<(u64,)>("double"), [(2,), (3,)]);
}
