//! A web service (axum) whose handlers await blocks, and leave to deferred tasks what nobody waits for.
//!
//! ```text
//! cargo run --example axum_service                             # on 127.0.0.1:3000
//! cargo run --example axum_service -- 127.0.0.1:0 shop.sqlite  # any free port, another database
//!
//! curl localhost:3000/metrics
//! curl localhost:3000/orders --json '{"product": "lamp", "quantity": 2}'
//! curl localhost:3000/reports/best        # and three with faults: forecast, import, share
//! ```
//!
//! Read the handlers below, then `answer.rs`, which makes an HTTP answer of an error, and [`main`] for
//! how the service starts and ends. `shop.rs` and `reports.rs` are ordinary functions over an
//! embedded `SQLite` file; they block, and may crash, but never in this process.

mod answer;
mod reports;
mod shop;

use std::env;
use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use axum::extract::{Json, Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Router, serve};
use concur::{Config, WhenFull, concurrent};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use answer::Answer;
use shop::{Metrics, Order, Receipt};

/// Numbers of the shop, gathered at the same time, each by a worker with a connection of its own. When
/// the client goes away axum drops this future, and the tasks are stopped with it.
async fn metrics(State(db): State<PathBuf>) -> Result<Json<Metrics>, Answer> {
    let (orders, pieces, mails) = concurrent! {
        orders => shop::count(&db, "orders")?,
        pieces => shop::pieces(&db)?,
        mails  => shop::count(&db, "mails")?,
    }
    .deadline(Duration::from_secs(10))
    .await?;
    Ok(Json(Metrics { orders, pieces, mails }))
}

/// Takes an order: the client waits until it is in the database, and not for the mail about it.
async fn take_order(
    State(db): State<PathBuf>,
    Json(order): Json<Order>,
) -> Result<(StatusCode, Json<Receipt>), Answer> {
    let (id,) = concurrent! { order => shop::add_order(&db, &order)? }
        .deadline(Duration::from_secs(10))
        .await?;

    // From here on a process of its own sees to the mail, also if this one is gone in a moment.
    // `defer` waits for that process to have it, which takes too long for an async thread.
    let mail = concurrent! { mail => shop::send_mail(&db, id)? }
        .timeout(Duration::from_secs(30))
        .retries(5)
        .backoff(Duration::from_millis(200));
    tokio::task::spawn_blocking(|| mail.defer()).await.expect("`defer` does not panic")?;
    Ok((StatusCode::ACCEPTED, Json(Receipt { order: id })))
}

/// A report by its name. They are annotated functions, so that each brings its own timeout along.
async fn report(State(db): State<PathBuf>, Path(name): Path<String>) -> Result<String, Answer> {
    let task = match name.as_str() {
        "best" => reports::best_task(&db),
        "forecast" => reports::forecast_task(&db),
        "import" => reports::import_task(&db),
        "share" => reports::share_task(&db),
        _ => return Err(Answer::NotFound),
    };
    Ok(task.deadline(Duration::from_secs(10)).await?)
}

// In this order: tokio's attribute makes `main` an ordinary function, concur's marks that one as the
// place where workers come in.
#[tokio::main]
#[concur::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let db = match arguments.next() {
        Some(path) => PathBuf::from(path),
        None => env::current_exe()?.with_extension("sqlite"),
    };
    shop::create(&db)?;

    // A hundred tasks may wait for a worker. Who comes then is told at once to come back later, which
    // is better than to let everybody wait until nobody is answered in time.
    Config::new().queue_limit(100).when_full(WhenFull::Fail).install()?;

    let service = Router::new()
        .route("/metrics", get(metrics))
        .route("/orders", post(take_order))
        .route("/reports/{name}", get(report))
        .with_state(db);
    let listener = TcpListener::bind(&address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    serve(listener, service).with_graceful_shutdown(asked_to_end()?).await?;

    // All requests have been answered. Nothing else runs on this thread any more, so it may block.
    println!("ending");
    if let Err(err) = concur::flush(Duration::from_secs(10)) {
        eprintln!("{err}; they go on without this process");
    }
    concur::shutdown(Duration::from_secs(5))?;
    println!("ended");
    Ok(())
}

/// Is done when the service is asked to end, by Ctrl-C or as service managers do.
fn asked_to_end() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
