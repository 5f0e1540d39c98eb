//! A single capture, without the tuple around it.

fn main() {
    let fake = concur::testing::fake();
    fake.runs_with("shout", |text: String| text.to_uppercase());
}
