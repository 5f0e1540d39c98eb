//! Methods: alone, in an annotated `impl`, of traits.
#![expect(
    clippy::boxed_local,
    clippy::needless_arbitrary_self_type,
    clippy::needless_lifetimes,
    clippy::trivially_copy_pass_by_ref,
    clippy::unused_self,
    reason = "methods are written in every way that rustc takes"
)]

use std::process::id;

use concur::attr::concurrent;
use concur::{Driver, Task};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::everywhere;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Analyzer {
    values: Vec<u32>,
}

impl Analyzer {
    #[concurrent]
    fn sum(&self) -> u32 {
        self.values.iter().sum()
    }

    #[concurrent]
    fn into_scaled(self, by: &u32) -> Self {
        Self { values: self.values.into_iter().map(|value| value * by).collect() }
    }

    #[concurrent]
    fn changed(mut self) -> Self {
        self.values.push(1);
        self
    }

    #[concurrent]
    fn first(self: &Self) -> Option<u32> {
        self.values.first().copied()
    }

    #[concurrent]
    fn last(self: Box<Self>) -> Option<u32> {
        self.values.last().copied()
    }

    #[concurrent]
    fn named<'a, T: Serialize + DeserializeOwned + Send + 'static>(
        &'a self,
        other: T,
    ) -> (T, usize) {
        (other, self.values.len())
    }
}

#[test]
fn a_method_is_a_task_by_itself() {
    let analyzer = Analyzer { values: vec![1, 2, 3] };
    everywhere(|driver| {
        assert_eq!(analyzer.sum_task().driver(driver.clone()).run().unwrap(), 6);
        let scaled: Task<Analyzer> = analyzer.clone().into_scaled_task(&2).driver(driver.clone());
        assert_eq!(scaled.run().unwrap().values, [2, 4, 6]);
        let changed = analyzer.clone().changed_task().driver(driver.clone()).run().unwrap();
        assert_eq!(changed.values, [1, 2, 3, 1]);
        assert_eq!(analyzer.first_task().driver(driver.clone()).run().unwrap(), Some(1));
        let boxed = Box::new(analyzer.clone());
        assert_eq!(boxed.last_task().driver(driver.clone()).run().unwrap(), Some(3));
        assert_eq!(analyzer.named_task('x').driver(driver).run().unwrap(), ('x', 3));
    });
    assert_eq!(analyzer.sum_task().name(), "sum");
}

#[derive(Serialize, Deserialize)]
struct Shop<T> {
    stock: T,
}

#[derive(Debug, PartialEq)]
struct Room<const N: usize>([(); N]);

impl<const N: usize> Serialize for Room<N> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ().serialize(serializer)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Room<N> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <()>::deserialize(deserializer).map(|()| Self([(); N]))
    }
}

/// An `impl` with an attribute.
#[concurrent]
impl<T> Shop<T>
where
    T: Clone + Serialize + DeserializeOwned + Send + 'static,
{
    const LIMIT: usize = { 3 };

    #[concurrent(timeout = "10s")]
    fn stock(&self) -> T {
        self.stock.clone()
    }

    fn untouched(&self) -> usize {
        Self::LIMIT
    }

    #[concurrent]
    pub(crate) fn opened(stock: T) -> (T, u32) {
        (stock, id())
    }

    #[concur::task]
    fn limit() -> Room<{ 1 + 1 }> {
        Room([(); 2])
    }
}

#[test]
fn an_impl_tells_its_methods_their_type() {
    let shop = Shop { stock: "pens".to_owned() };
    assert_eq!(shop.untouched(), 3);
    everywhere(|driver| {
        assert_eq!(shop.stock_task().driver(driver).run().unwrap(), "pens");
    });
    let (stock, pid) = Shop::opened_task(5_u8).run().unwrap();
    assert!(stock == 5 && pid != id());
    assert_eq!(Shop::<u8>::limit_task().driver(Driver::Sync).run().unwrap(), Room([(); 2]));
}

trait Grow {
    const BY: u32;

    fn grown(&self) -> u32;
    fn all(start: u32) -> Vec<u32>;
}

#[concurrent]
impl Grow for Analyzer {
    const BY: u32 = 2;

    #[concurrent(name = "grow")]
    fn grown(&self) -> u32 {
        self.sum() * Self::BY
    }

    #[concurrent]
    fn all(start: u32) -> Vec<u32> {
        vec![start; Self::BY as usize]
    }
}

#[test]
fn methods_of_a_trait_are_tasks_of_the_type() {
    let analyzer = Analyzer { values: vec![1, 2, 3] };
    everywhere(|driver| {
        let task = analyzer.grown_task().driver(driver.clone());
        assert_eq!(task.name(), "grow");
        assert_eq!(task.run().unwrap(), analyzer.grown());
        assert_eq!(Analyzer::all_task(7).driver(driver).run().unwrap(), [7, 7]);
    });
}

trait Count: Serialize + DeserializeOwned + Send + 'static {
    fn items(&self) -> usize;

    #[concurrent]
    fn counted(&self, more: usize) -> usize {
        self.items() + more
    }
}

impl Count for Analyzer {
    fn items(&self) -> usize {
        self.values.len()
    }
}

#[test]
fn a_method_that_a_trait_provides_is_a_task_of_each_type() {
    let analyzer = Analyzer { values: vec![1, 2, 3] };
    everywhere(|driver| assert_eq!(analyzer.counted_task(1).driver(driver).run().unwrap(), 4));
}
