//! A small HTTP server that fails on purpose, in a thread of this program, until that ends.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

pub(crate) struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Counts>>,
}

/// How often each path was asked for.
type Counts = HashMap<String, u32>;

impl Server {
    /// Listens on a port of this machine that is free.
    pub(crate) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let (address, asked) = (listener.local_addr()?, Arc::default());
        let counts = Arc::clone(&asked);
        thread::spawn(move || serve(&listener, &counts));
        Ok(Self { address, asked })
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn asked(&self, path: &str) -> u32 {
        lock(&self.asked).get(path).copied().unwrap_or(0)
    }
}

/// One connection after another.
fn serve(listener: &TcpListener, counts: &Mutex<Counts>) {
    let mut left_waiting = Vec::new();
    for connection in listener.incoming() {
        // A client that is gone is no reason to stop.
        let Ok(mut connection) = connection else { continue };
        let Ok(path) = path_of_request(&connection) else { continue };
        let time = {
            let mut counts = lock(counts);
            let count = counts.entry(path.clone()).or_default();
            *count += 1;
            *count
        };
        let (status, body) = match (path.as_str(), time) {
            ("/news", _) => ("200 OK", "nothing happened"),
            ("/prices" | "/stocks", 1 | 2) | ("/broken", _) => ("503 Service Unavailable", ""),
            ("/prices" | "/stocks", _) => ("200 OK", "everything is dear"),
            ("/weather", _) => {
                // The connection stays open, and nothing ever comes.
                left_waiting.push(connection);
                continue;
            }
            _ => ("404 Not Found", ""),
        };
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close");
        let _ = write!(connection, "{head}\r\n\r\n{body}");
    }
}

/// Reads the head of a request: `GET /path HTTP/1.1` and lines up to an empty one.
fn path_of_request(connection: &TcpStream) -> io::Result<String> {
    // Whoever connects and says nothing keeps the others waiting no longer than this.
    connection.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut lines = BufReader::new(connection).lines();
    let request = lines.next().ok_or(io::ErrorKind::UnexpectedEof)??;
    while !lines.next().ok_or(io::ErrorKind::UnexpectedEof)??.is_empty() {}
    Ok(request.split(' ').nth(1).unwrap_or_default().to_owned())
}

fn lock(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}
