//! Annotated functions: what is written beside them, and that it does what they do elsewhere.
use concur::attr::concurrent;

#[concurrent(timeout = "30s", retries = 2)]
pub fn sales(region: &str, year: u16) -> Result<String, std::num::ParseIntError> {
    let n: u32 = region.parse()?;
    Ok(format!("{n}-{year}"))
}

#[concurrent]
fn plain((a, b): (u32, u32), mut list: Vec<u8>, _: u8) -> usize {
    list.push(1);
    list.len() + (a + b) as usize
}

#[test]
fn it_works() {
    assert_eq!(sales_task("7", 2026).run().unwrap(), "7-2026");
    let err = sales_task("x", 2026).run().unwrap_err();
    println!("{err} {}:{}", err.failures()[0].file(), err.failures()[0].line());
    assert_eq!(plain_task((1, 2), vec![3], 9).run().unwrap(), 5);
}
