//! The example of the README, section "Testing", to the letter.

use concur::testing::{Answer, fake};
use concur::{Error, concurrent};

fn count(table: &str, region: &str) -> Result<u64, std::io::Error> {
    panic!("a test asks no database for the {table} of {region}")
}

/// The code under test.
fn report(region: &str) -> Result<String, Error> {
    let (users, orders) = concurrent! {
        users => count("users", region)?,
        orders => count("orders", region)?,
    }
    .retries(1)
    .run()?;
    Ok(format!("{region}: {users} users, {orders} orders"))
}

#[test]
fn a_report_counts_users_and_orders() -> Result<(), Error> {
    let fake = fake(); // holds in this thread until it is dropped
    fake.returns("users", 10_u64).returns("orders", 3_u64);

    assert_eq!(report("EU")?, "EU: 10 users, 3 orders");

    fake.assert_ran_times("users", 1);
    assert_eq!(fake.captures::<(String,)>("orders"), [("EU".to_owned(),)]);
    Ok(())
}

#[test]
fn a_report_tries_again_and_then_names_what_failed() -> Result<(), Error> {
    let fake = fake();
    fake.runs_with("users", |(region,): (String,)| region.len() as u64);
    fake.answers("orders", [Answer::fails("the database is away"), Answer::returns(3_u64)]);
    assert_eq!(report("EU")?, "EU: 2 users, 3 orders");

    fake.times_out("orders");
    let err = report("US").unwrap_err();
    assert_eq!(err.to_string(), "task `orders` ran past its timeout (after 2 attempts)");
    Ok(())
}
