//! A fake that nobody keeps ends at once.
#![deny(unused_must_use)]

fn main() {
    concur::testing::fake();
}
