//! Arguments that the function wants for `'static`.

use concur::attr::concurrent;

#[concurrent]
fn length(text: &'static str) -> usize {
    text.len()
}

#[concurrent]
fn sum(numbers: &'static [u32]) -> u32 {
    numbers.iter().sum()
}

struct Shelf;

#[concurrent]
impl Shelf {
    #[concurrent]
    fn label(&'static self) -> String {
        String::new()
    }
}

fn main() {}
