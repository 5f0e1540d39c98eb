//! A `const` would be another value wherever it is named.

use concur::WorkerLocal;

const BUFFER: WorkerLocal<Vec<u8>> = WorkerLocal::new(Vec::new);

fn main() {
    BUFFER.with(|buffer| buffer.push(1));
}
