//! What makes a worker's value cannot capture: the worker has nothing of what is around it here.

use concur::WorkerLocal;

fn main() {
    let size = 7;
    let local: WorkerLocal<Vec<u8>> = WorkerLocal::new(|| vec![0; size]);
    drop(local);
}
