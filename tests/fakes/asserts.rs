//! What a test asks a fake afterwards.

use concur::testing::fake;
use concur::{Driver, Error, concurrent};

use super::{never, panic_of};

#[test]
fn tasks_are_counted_by_name() -> Result<(), Error> {
    let fake = fake();
    fake.assert_nothing_ran();
    fake.assert_nothing_deferred();
    fake.returns("users", 1_u8).returns("page", 2_u8).fails("broken", "no");
    let twice = || concurrent! { users => never::<u8>() }.run();
    assert_eq!((twice()?, twice()?), ((1,), (1,)));
    concurrent! { for page in 0..5_u8 => page }.run()?;
    concurrent! { broken => never::<u8>() }.run().expect_err("it fails");
    assert_eq!((fake.ran("users"), fake.ran("page"), fake.ran("broken")), (2, 5, 1));
    assert_eq!((fake.ran("orders"), fake.deferred("users")), (0, 0));
    fake.assert_ran("users");
    fake.assert_ran_times("page", 5);
    fake.assert_not_ran("orders");
    Ok(())
}

#[test]
fn what_runs_really_counts_as_well() -> Result<(), Error> {
    for driver in [Driver::Process, Driver::Thread, Driver::Sync] {
        let fake = fake();
        fake.passes_through("real").returns("stock", 1_u8);
        let run = concurrent! { real => std::process::id(), stock => never::<u8>() };
        let (real, stock) = run.driver(driver.clone()).run()?;
        assert_eq!(stock, 1);
        assert_eq!(real == std::process::id(), driver != Driver::Process);
        assert_eq!((fake.ran("real"), fake.attempts("real")), (1, 1));
    }
    Ok(())
}

#[test]
fn tasks_behind_the_first_failure_do_not_run() {
    let fake = fake();
    fake.returns("a", 1_u8).fails("b", "no").returns("c", 1_u8);
    let block = concurrent! { a => never::<u8>(), b => never::<u8>(), c => never::<u8>() };
    block.run().expect_err("b fails");
    assert_eq!((fake.ran("a"), fake.ran("b"), fake.ran("c")), (1, 1, 0));
}

#[test]
fn assertions_that_do_not_hold_tell_what_ran() -> Result<(), Error> {
    let fake = fake();
    fake.returns("users", 1_u8).returns("page", 1_u8);
    assert_eq!(panic_of(|| fake.assert_ran("users")), "no task `users` was run; what ran: nothing");
    concurrent! { users => never::<u8>() }.run()?;
    concurrent! { for page in 0..3_u8 => page }.run()?;
    let ran = "what ran: `users`, `page` 3 times";
    for (text, complaint) in [
        (panic_of(|| fake.assert_ran("user")), "no task `user` was run"),
        (panic_of(|| fake.assert_not_ran("users")), "task `users` was run once"),
        (
            panic_of(|| fake.assert_ran_times("page", 2)),
            "task `page` was run 3 times, and should have been twice",
        ),
        (panic_of(|| fake.assert_nothing_ran()), "tasks were run"),
        (panic_of(|| fake.assert_deferred("users")), "no task `users` was deferred"),
    ] {
        assert_eq!(text, format!("{complaint}; {ran}"));
    }
    Ok(())
}

struct Shop {
    region: String,
    _till: std::cell::Cell<u8>,
}

impl Shop {
    fn sales(&self, year: u16, months: &[u8], raw: &[u8]) -> Result<(u64,), Error> {
        concurrent! {
            sales => {
                let _: (&[u8], &str, u16, &[u8]) = (months, &self.region, year, raw);
                never::<u64>()
            },
        }
        .run()
    }
}

#[test]
fn captures_are_read_in_their_owned_forms_in_the_order_of_their_use() -> Result<(), Error> {
    let fake = fake();
    fake.returns("sales", 0_u64);
    let shop = Shop { region: "EU".to_owned(), _till: std::cell::Cell::new(0) };
    shop.sales(2026, &[1, 2], b"raw")?;
    shop.sales(1999, &[], b"")?;
    let captures = fake.captures::<(Vec<u8>, String, u16, Vec<u8>)>("sales");
    let eu = || "EU".to_owned();
    assert_eq!(captures, [(vec![1, 2], eu(), 2026, b"raw".to_vec()), (vec![], eu(), 1999, vec![])]);
    Ok(())
}

#[test]
fn listed_captures_come_in_the_order_listed_and_functions_not_at_all() -> Result<(), Error> {
    fn double(n: u32) -> u32 {
        n * 2
    }
    let fake = fake();
    fake.returns("x", 0_u32);
    let (a, b) = (1_u32, "two".to_owned());
    concurrent! { x => [b, double, a] double(a) + u32::try_from(b.len())? }.run()?;
    assert_eq!(fake.captures::<(String, u32)>("x"), [("two".to_owned(), 1)]);
    Ok(())
}

#[test]
fn the_item_of_a_for_comes_last() -> Result<(), Error> {
    let fake = fake();
    fake.returns("region", 0_u64);
    let (year, large) = (2026_u16, vec![5_u8; 100_000]);
    let regions = ["EU", "US"].map(String::from);
    concurrent! {
        for region in regions => { let _ = (&region, year, &large); never::<u64>() }
    }
    .run()?;
    let captures = fake.captures::<(u16, Vec<u8>, String)>("region");
    let names: Vec<&str> = captures.iter().map(|(_, _, region)| &**region).collect();
    assert_eq!(names, ["EU", "US"]);
    assert!(captures.iter().all(|(year, bytes, _)| *year == 2026 && *bytes == large));
    Ok(())
}

#[test]
fn no_captures_are_an_empty_tuple() -> Result<(), Error> {
    let fake = fake();
    fake.returns("x", 0_u8);
    concurrent! { x => never::<u8>() }.run()?;
    assert_eq!(fake.captures::<()>("x"), [()]);
    Ok(())
}

#[test]
fn captures_of_another_type_are_a_panic_that_names_both() -> Result<(), Error> {
    let fake = fake();
    fake.returns("x", 0_u8);
    let n = 7_u64;
    concurrent! { x => { let _ = n; never::<u8>() } }.run()?;
    let text = panic_of(|| drop(fake.captures::<(u32, u32)>("x")));
    assert!(text.contains("`(u64,)`") && text.contains("`(u32, u32)`"), "{text}");
    assert_eq!(fake.captures::<(u64,)>("x"), [(7,)]);
    assert_eq!(fake.captures::<(u32, u32)>("y"), []);
    Ok(())
}
