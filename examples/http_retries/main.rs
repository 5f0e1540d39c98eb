//! Addresses fetched with retries, pauses and deadlines, from a server that fails on purpose.
//!
//! ```text
//! cargo run --example http_retries
//! ```
//!
//! The parts to read are [`each_on_its_own_terms`], a block whose tasks differ in how often they are
//! tried, and [`all_on_the_same_terms`], where the terms stand at the function that fetches
//! (`page.rs`). `server.rs` is the server, in a thread of this program; the workers ask it over TCP.

mod page;
mod server;

use std::fmt::Display;
use std::time::Duration;

use concur::{TaskError, concurrent};

use page::{FetchError, Page, fetch, fetch_task, unless_it_is_gone};
use server::Server;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::start()?;
    each_on_its_own_terms(&server)?;
    all_on_the_same_terms(&server)?;
    until_the_deadline(&server)?;
    Ok(())
}

/// A block: what `#[task(...)]` says is for one entry, what a method says is for all.
fn each_on_its_own_terms(server: &Server) -> Result<(), concur::Error> {
    // The server itself cannot be sent to a task. An address can.
    let [news, prices, weather, manual] =
        ["/news", "/prices", "/weather", "/manual"].map(|path| server.url(path));

    let (steady, recovers, silent, gone) = concurrent! {
        steady   => fetch(&news)?,
        #[task(retries = 5, backoff = "20ms")]
        recovers => fetch(&prices)?,                             // 503, 503, then 200
        #[task(retries = 1, timeout = "300ms")]
        silent   => fetch(&weather)?,                            // is killed while it waits, twice
        #[task(retries = 5, backoff = "20ms")]
        gone     => fetch(&manual).map_err(unless_it_is_gone)?,  // 404: asked once, retries or not
    }
    .timeout(Duration::from_secs(20))
    .deadline(Duration::from_secs(60))
    .settle()
    .run()?;

    println!("Each on its own terms:");
    for (path, outcome) in
        [("/news", steady), ("/prices", recovers), ("/weather", silent), ("/manual", gone)]
    {
        tell(path, server, &outcome);
    }
    Ok(())
}

/// Tasks of an annotated function, which brings its terms along. The caller gets back the very error
/// that the function returned; such an error is never permanent, so `/nowhere` is asked as often as
/// `/broken`.
fn all_on_the_same_terms(server: &Server) -> Result<(), concur::Error> {
    let paths = ["/news", "/stocks", "/broken", "/nowhere"];
    let outcomes = concur::join_all(paths.iter().map(|path| fetch_task(&server.url(path))))
        .limit(2)
        .settle()
        .run()?;

    println!("\nAll on the same terms:");
    for (path, outcome) in paths.iter().zip(&outcomes) {
        tell(path, server, outcome);
        let Err(err) = outcome else { continue };
        let advice = match err.decode_error::<FetchError>() {
            Some(FetchError::Status(404)) => "strike it from the list",
            Some(FetchError::Status(_)) => "tell those who run the server",
            Some(FetchError::Connection(_)) => "look at the network",
            None => "it returned no error: it timed out, or came to grief",
        };
        println!("{:13}{advice}", "");
    }
    Ok(())
}

/// However many attempts there may be, the deadline is for all of them together.
fn until_the_deadline(server: &Server) -> Result<(), concur::Error> {
    let outcome = fetch_task(&server.url("/broken"))
        .retries(1_000_000)
        .deadline(Duration::from_millis(800))
        .settle()
        .run()?;
    println!("\nUntil the deadline:");
    if let Err(err) = outcome {
        println!("  /broken    {err}");
    }
    Ok(())
}

/// One line about an address. How often it was asked is the server's own count.
fn tell(path: &str, server: &Server, outcome: &Result<Page, TaskError>) {
    let what: &dyn Display = match outcome {
        Ok(page) => page,
        Err(err) => err,
    };
    println!("  {path:<11}asked {}x: {what}", server.asked(path));
}
