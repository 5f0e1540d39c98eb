//! Tasks of functions are faked by their names as those of blocks are.

use concur::attr::concurrent;
use concur::testing;

#[concurrent]
fn price(sku: u32, shop: &str) -> Result<u64, String> {
    Err(format!("there is no price of {sku} in {shop}"))
}

#[concurrent(name = "stock of a shop")]
fn stock(shop: &str) -> usize {
    shop.len()
}

#[test]
fn functions_are_faked_by_name() {
    let fake = testing::fake();
    fake.returns("price", 7_u64).returns("stock of a shop", 3_usize);
    let tasks = concur::join((price_task(1, "EU"), stock_task("US")));
    assert_eq!(tasks.run().unwrap(), (7, 3));
    assert_eq!(fake.captures::<(u32, String)>("price"), [(1, "EU".to_owned())]);
    fake.assert_ran_times("stock of a shop", 1);
}

#[test]
fn a_faked_error_comes_back_as_the_value_it_is() {
    let fake = testing::fake();
    fake.fails_with("price", "sold out".to_owned());
    let err = price_task(1, "EU").run().unwrap_err();
    assert_eq!(err.failures()[0].decode_error(), Some("sold out".to_owned()));
}
