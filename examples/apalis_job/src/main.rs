//! A queue of jobs (apalis, kept in `SQLite`) whose handler awaits a block.
//!
//! ```text
//! cargo run --manifest-path examples/apalis_job/Cargo.toml
//! ```
//!
//! The part to read is [`send_invoice`]. The queue remembers what is to be done, and does it again if it
//! was not done; the block does the parts of one job at the same time, each in a process of its own.
//! So a part that crashes fails its job, and nothing else: the queue lives on and tries the job again.

use std::error::Error;
use std::time::Duration;
use std::{env, fs, process};

use apalis::prelude::*;
use apalis_sqlite::{Config, SqlitePool, SqliteStorage};
use concur::concurrent;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// A job. What a task uses of it is sent to its worker, so it is no more than data here as well.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Invoice {
    customer: String,
    cents: Vec<u64>,
}

/// Does a job. An error that gets out of here is the queue's to deal with.
async fn send_invoice(
    invoice: Invoice,
    attempt: Attempt,
    post: Data<UnboundedSender<String>>,
) -> Result<(), BoxDynError> {
    let attempt = attempt.current();
    let (page, total) = concurrent! {
        page => render(&invoice.customer, attempt),
        total => invoice.cents.iter().sum::<u64>(),
    }
    .timeout(Duration::from_secs(30))
    .await
    .inspect_err(|err| println!("{}, attempt {attempt}: {err}", invoice.customer))?;

    post.send(format!("{page}: {total} cents (attempt {attempt})"))?;
    Ok(())
}

/// Stands for a library that makes a page of it, and has a fault: it crashes where nobody expects it.
fn render(customer: &str, attempt: usize) -> String {
    if customer == "Bob" && attempt == 1 {
        process::abort();
    }
    format!("Invoice for {customer}")
}

// In this order: tokio's attribute makes `main` an ordinary function, concur's marks that one as the
// place where workers come in.
#[tokio::main]
#[concur::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // A real queue would keep its file. This one begins anew, so as to print the same each time.
    let file = env::current_exe()?.with_extension("sqlite");
    if file.exists() {
        fs::remove_file(&file)?;
    }
    let pool = SqlitePool::connect(&format!("sqlite:{}?mode=rwc", file.display())).await?;
    SqliteStorage::setup(&pool).await?;
    // The heart of a worker is also what has it notice that it is to end.
    let config = Config::default().heartbeat_interval(Duration::from_secs(1));
    let mut queue = SqliteStorage::new(&pool).with_config(config);

    for (customer, cents) in [("Ada", vec![1200, 350]), ("Bob", vec![80]), ("Eve", vec![5, 6, 7])] {
        queue.push(Invoice { customer: customer.to_owned(), cents }).await?;
    }

    let (post, mut posted) = unbounded_channel::<String>();
    let worker =
        WorkerBuilder::new("invoices").backend(queue).data(post).catch_panic().build(send_invoice);
    let all_sent = async move {
        for _ in 0..3 {
            println!("{}", posted.recv().await.unwrap_or_default());
        }
        Ok::<_, WorkerError>(())
    };
    worker.run_until(all_sent).await?;

    let done = "SELECT count(*) FROM Jobs WHERE status = 'Done'";
    let done: u32 = sqlx::query_scalar(done).fetch_one(&pool).await?;
    println!("In the book of the queue: {done} jobs done.");
    Ok(())
}
