//! A fake moved into a thread, where it would not hold.

fn main() {
    let fake = concur::testing::fake();
    std::thread::spawn(move || fake.ran("users"));
}
