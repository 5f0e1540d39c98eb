//! Block and attribute in one module, both by their bare name: `#[macro_use]` brings the block to
//! every module, and a module that needs the attribute imports it.
#![forbid(unsafe_code)]

#[macro_use]
extern crate concur;

use concur::attr::concurrent;

#[concurrent(timeout = "30s")]
fn square(number: u32) -> u32 {
    number * number
}

#[task]
fn cube(number: u32) -> u32 {
    number * number * number
}

#[test]
fn block_and_attribute_stand_side_by_side() {
    let (sum,) = concurrent! { sum => square(2) + cube(1) }.run().unwrap();
    let tasks = concur::join((square_task(3), cube_task(2)));
    assert_eq!((sum, tasks.run().unwrap()), (5, (9, 8)));
}

mod elsewhere {
    #[test]
    fn the_block_is_in_every_module() {
        assert_eq!(concurrent! { one => 1 }.run().unwrap(), (1,));
    }
}
