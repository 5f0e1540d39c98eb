//! Where blocks stand, and that each runs its own code there.

use std::fmt::Debug;

use concur::{Driver, concurrent};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::DRIVERS;
use crate::shop::shop;

#[test]
fn blocks_inside_tasks_capture_through_them() {
    let (base, shop) = (1_u32, shop());
    for driver in DRIVERS {
        let tasks = concurrent! {
            outer => {
                let inner = base + 1;
                let (sum, len) = concurrent! { sum => base + inner, len => shop.region.name.len() }
                    .driver(Driver::Sync)
                    .run()?;
                let tasks = concurrent! { for n in 0..base => n + inner };
                (sum, len, tasks.driver(Driver::Sync).run()?)
            },
        };
        assert_eq!(tasks.driver(driver).run().unwrap(), ((3, 2, vec![2]),));
    }
}

#[test]
fn each_task_runs_its_own_code() {
    let n = 10_u32;
    for driver in DRIVERS {
        let one_line = concurrent! { a => n + 1, b => n + 2 }.driver(driver.clone()).run();
        assert_eq!(one_line.unwrap(), (11, 12));
        let blocks = (concurrent! { a => n + 3 }, concurrent! { a => n + 4 });
        let (first, second) = (blocks.0.driver(driver.clone()), blocks.1.driver(driver.clone()));
        assert_eq!((first.run().unwrap(), second.run().unwrap()), ((13,), (14,)));
        let (first, second) = (block_of!(a, n + 5), block_of!(a, n + 6));
        let (first, second) = (first.driver(driver.clone()), second.driver(driver.clone()));
        assert_eq!((first.run().unwrap(), second.run().unwrap()), ((15,), (16,)));
        let several = block_of!(x: n, y: n * n, z: "z".repeat(2)).driver(driver);
        assert_eq!(several.run().unwrap(), (10, 100, "zz".to_owned()));
    }
}

fn describe<T>(value: &T, driver: Driver) -> (String, usize, T)
where
    T: Debug + Clone + Serialize + DeserializeOwned + Send + 'static,
{
    let tasks = concurrent! {
        text => format!("{value:?}"),
        size => size_of::<T>(),
        copy => value.clone(),
    };
    tasks.driver(driver).run().unwrap()
}

#[test]
fn a_block_in_a_generic_function_knows_its_types() {
    for driver in DRIVERS {
        assert_eq!(describe(&7_u8, driver.clone()), ("7".to_owned(), 1, 7));
        let text = "seven".to_owned();
        assert_eq!(describe(&text, driver), ("\"seven\"".to_owned(), 24, text));
    }
}

#[test]
fn blocks_stand_in_loops_and_closures() {
    for driver in DRIVERS {
        let mut sums = Vec::new();
        for n in 0..3_u32 {
            let (sum,) = concurrent! { sum => n + 1 }.driver(driver.clone()).run().unwrap();
            sums.push(sum);
        }
        let add = |n: u32| {
            let base = 100;
            concurrent! { sum => n + base }.driver(driver.clone()).run().unwrap().0
        };
        assert_eq!((sums, add(1), add(2)), (vec![1, 2, 3], 101, 102));
        let name = "ann".to_owned();
        let greet = |text: &str| {
            concurrent! { both => format!("{text} {name}") }.driver(driver.clone()).run().unwrap().0
        };
        let called_twice = (greet("hello"), greet("goodbye"));
        assert_eq!(called_twice, ("hello ann".to_owned(), "goodbye ann".to_owned()));
    }
}

async fn doubled(n: u32, driver: Driver) -> (u32, u32) {
    let tasks = concurrent! { once => n, twice => n * 2 };
    tasks.driver(driver).await.unwrap()
}

#[test]
fn blocks_stand_in_async_functions() {
    for driver in DRIVERS {
        assert_eq!(smol::block_on(doubled(4, driver)), (4, 8));
    }
}

#[derive(Serialize, Deserialize)]
struct Stack<T> {
    items: Vec<T>,
}

impl<T: Serialize + DeserializeOwned + Clone + Send + 'static> Stack<T> {
    fn top(&self, driver: Driver) -> (Option<T>, usize) {
        let tasks = concurrent! { top => self.items.last().cloned(), size => self.size() };
        tasks.driver(driver).run().unwrap()
    }
}

trait Sized2 {
    fn size(&self) -> usize;

    fn doubled(&self, driver: Driver) -> usize
    where
        Self: Serialize + DeserializeOwned + 'static,
    {
        concurrent! { doubled => self.size() * 2 }.driver(driver).run().unwrap().0
    }
}

impl<T> Sized2 for Stack<T> {
    fn size(&self) -> usize {
        self.items.len()
    }
}

impl Sized2 for String {
    fn size(&self) -> usize {
        self.len()
    }
}

#[test]
fn blocks_stand_in_generic_impls_and_default_methods() {
    for driver in DRIVERS {
        let (numbers, texts) =
            (Stack { items: vec![1_u8, 2] }, Stack { items: vec!["a".to_owned()] });
        assert_eq!(numbers.top(driver.clone()), (Some(2), 2));
        assert_eq!(texts.top(driver.clone()), (Some("a".to_owned()), 1));
        assert_eq!(numbers.doubled(driver.clone()), 4);
        assert_eq!("abc".to_owned().doubled(driver), 6);
    }
}

#[test]
fn a_block_may_be_empty() {
    for driver in DRIVERS {
        let () = concurrent! {}.driver(driver).run().unwrap();
    }
}

#[test]
fn sixty_four_tasks_fit_in_one_block() {
    macro_rules! block {
        ($base:ident: $($name:ident)*) => {
            concurrent! { $($name => format!("{} {}", stringify!($name), $base)),* }
        };
    }
    let base = 64;
    for driver in DRIVERS {
        let tasks = block!(base:
            t0 t1 t2 t3 t4 t5 t6 t7 t8 t9 t10 t11 t12 t13 t14 t15 t16 t17
            t18 t19 t20 t21 t22 t23 t24 t25 t26 t27 t28 t29 t30 t31 t32 t33
            t34 t35 t36 t37 t38 t39 t40 t41 t42 t43 t44 t45 t46 t47 t48 t49
            t50 t51 t52 t53 t54 t55 t56 t57 t58 t59 t60 t61 t62 t63
        );
        let results = tasks.driver(driver).run().unwrap();
        assert_eq!((&*results.0, &*results.31, &*results.63), ("t0 64", "t31 64", "t63 64"));
    }
}
