//! Where a fake holds, and for how long.

use std::sync::Barrier;

use concur::testing::{Fake, fake};
use concur::{Driver, Error, Tasks, concurrent};

use super::{never, panic_of};

/// A block whose task runs really where no fake holds: then it gives 0.
fn users() -> Tasks<(u64,)> {
    concurrent! { users => 0_u64 }.driver(Driver::Sync)
}

fn users_are(number: u64) -> Fake {
    let fake = fake();
    fake.returns("users", number);
    fake
}

#[test]
fn a_fake_ends_when_it_is_dropped() -> Result<(), Error> {
    let fake = users_are(10);
    assert_eq!(users().run()?, (10,));
    drop(fake);
    assert_eq!(users().run()?, (0,));
    Ok(())
}

#[test]
fn a_fake_ends_with_a_panic() -> Result<(), Error> {
    panic_of(|| {
        let _fake = users_are(10);
        panic!("out");
    });
    assert_eq!(users().run()?, (0,));
    Ok(())
}

#[test]
fn a_block_belongs_to_where_it_is_built() -> Result<(), Error> {
    let before = users();
    let fake = users_are(10);
    let (here, there, later) = (users(), users(), users());
    assert_eq!(before.run()?, (0,));
    let run_there = std::thread::spawn(move || there.run());
    assert_eq!((here.run()?, run_there.join().expect("it ends well")?), ((10,), (10,)));
    assert_eq!(fake.ran("users"), 2);
    drop(fake);
    assert_eq!(later.run()?, (10,));
    Ok(())
}

#[test]
fn the_innermost_fake_answers_and_the_one_around_it_comes_back() -> Result<(), Error> {
    let outer = users_are(1);
    {
        let inner = users_are(2);
        assert_eq!(users().run()?, (2,));
        assert_eq!((inner.ran("users"), outer.ran("users")), (1, 0));
    }
    assert_eq!(users().run()?, (1,));
    assert_eq!(outer.ran("users"), 1);
    Ok(())
}

#[test]
fn fakes_may_end_in_any_order() -> Result<(), Error> {
    let (first, second, third) = (users_are(1), users_are(2), users_are(3));
    drop(second);
    assert_eq!(users().run()?, (3,));
    drop(first);
    assert_eq!(users().run()?, (3,));
    drop(third);
    assert_eq!(users().run()?, (0,));
    Ok(())
}

#[test]
fn fakes_in_tests_side_by_side_do_not_see_each_other() {
    let together = Barrier::new(4);
    std::thread::scope(|threads| {
        for number in 0..4_u64 {
            let together = &together;
            threads.spawn(move || {
                let fake = (number > 0).then(|| users_are(number));
                together.wait();
                for _ in 0..50 {
                    assert_eq!(users().run().expect("it is answered"), (number,));
                }
                assert!(fake.is_none_or(|fake| fake.ran("users") == 50));
            });
        }
    });
}

#[test]
fn a_fake_is_carried_into_spawned_futures() -> Result<(), Error> {
    let fake = users_are(10);
    let inside = smol::spawn(fake.scope(async {
        let first = users().await?;
        smol::future::yield_now().await;
        Ok::<_, Error>((first, users().run()?))
    }));
    let outside = smol::spawn(async { users().await });
    assert_eq!(smol::block_on(inside)?, ((10,), (10,)));
    assert_eq!(smol::block_on(outside)?, (0,));
    assert_eq!(fake.ran("users"), 2);
    Ok(())
}

#[test]
fn a_fake_is_carried_over_the_threads_of_tokio() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build();
    let runtime = runtime.expect("a runtime");
    let fake = users_are(10);
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            runtime.spawn(fake.scope(async {
                for _ in 0..10 {
                    assert_eq!(users().await.expect("it is answered"), (10,));
                    tokio::task::yield_now().await;
                }
            }))
        })
        .collect();
    let outside = runtime.spawn(async { users().await });
    for task in tasks {
        runtime.block_on(task).expect("it ends well");
    }
    assert_eq!(runtime.block_on(outside).expect("it ends well")?, (0,));
    assert_eq!(fake.ran("users"), 200);
    Ok(())
}

#[test]
fn a_scope_ends_with_each_poll_and_holds_while_it_is_dropped() -> Result<(), Error> {
    struct Last;

    impl Drop for Last {
        fn drop(&mut self) {
            users().run().expect("it is answered");
        }
    }

    let inner = users_are(10);
    let outer = users_are(20);
    let last = Last;
    let mut scope = Box::pin(inner.scope(async {
        let _last = last;
        assert_eq!(users().await.expect("it is answered"), (10,));
        std::future::pending::<()>().await;
    }));
    assert!(smol::block_on(smol::future::poll_once(&mut scope)).is_none());
    assert_eq!(users().run()?, (20,));
    assert_eq!((inner.ran("users"), outer.ran("users")), (1, 1));
    drop(scope);
    assert_eq!((inner.ran("users"), outer.ran("users")), (2, 1));
    Ok(())
}

#[test]
fn a_fake_is_carried_into_threads() {
    let fake = users_are(10);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            assert_eq!(users().run().expect("it runs"), (0,));
            assert_eq!(fake.within(|| users().run()).expect("it is answered"), (10,));
            assert_eq!(users().run().expect("it runs"), (0,));
        });
    });
    fake.assert_ran_times("users", 1);
}

#[test]
fn the_input_of_a_for_is_asked_where_the_fake_holds() -> Result<(), Error> {
    let fake = users_are(10);
    fake.runs_with("n", |(n,): (u64,)| n + 1);
    let input = std::iter::once_with(|| users().run().expect("it is answered").0);
    let all = concurrent! { for n in input => { let _ = n; never::<u64>() } };
    let run = std::thread::scope(|threads| threads.spawn(|| all.run()).join());
    assert_eq!(run.expect("it ends well")?, [11]);
    Ok(())
}

#[test]
fn blocks_inside_tasks_that_run_really_are_faked_in_this_process_alone() -> Result<(), Error> {
    for (driver, expected) in [(Driver::Sync, 10), (Driver::Thread, 10), (Driver::Process, 0)] {
        let fake = users_are(10);
        fake.passes_through("outer");
        let (outer,) = concurrent! { outer => users().run()?.0 }.driver(driver).run()?;
        assert_eq!((outer, fake.ran("users")), (expected, usize::from(expected > 0)));
    }
    Ok(())
}

#[test]
fn an_answer_may_run_blocks_of_its_own() -> Result<(), Error> {
    let fake = users_are(10);
    fake.runs("twice", || users().run().expect("it is answered").0 * 2);
    assert_eq!(concurrent! { twice => never::<u64>() }.run()?, (20,));
    Ok(())
}

#[test]
fn a_fake_may_be_asked_from_other_threads() {
    fn is_sync<T: Sync>(_: &T) {}
    fn is_send<T: Send>(_: &T) {}
    let fake = users_are(10);
    is_sync(&fake);
    is_send(&fake.scope(async {}));
    std::thread::scope(|threads| threads.spawn(|| fake.assert_nothing_ran()).join())
        .expect("it holds");
}
