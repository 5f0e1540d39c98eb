//! `try_with` is for values that are a `Result`.

use concur::WorkerLocal;

static BUFFER: WorkerLocal<Vec<u8>> = WorkerLocal::new(Vec::new);

fn main() {
    let _ = BUFFER.try_with(|buffer| buffer.push(1));
}
