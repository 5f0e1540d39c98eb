//! `examples/axum_service`: asked over HTTP, and ended as a service manager ends it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::example;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);

#[test]
fn it_answers_over_http_and_finishes_its_mails_before_it_ends() {
    let folder = tempfile::tempdir().expect("there is room");
    let db = folder.path().join("shop.sqlite");
    let mut service = Service::start(&db, &[]);

    let (status, metrics) = service.client.get("/metrics");
    assert_eq!((status, &metrics), (200, &json!({ "orders": 0, "pieces": 0, "mails": 0 })));

    for (number, quantity) in [(1, 2), (2, 3)] {
        let order = json!({ "product": "lamp", "quantity": quantity });
        assert_eq!(service.client.post("/orders", &order), (202, json!({ "order": number })));
    }
    let (status, metrics) = service.client.get("/metrics");
    assert_eq!((status, &metrics["orders"], &metrics["pieces"]), (200, &json!(2), &json!(5)));
    assert_eq!(service.client.get("/reports/best").0, 200);

    // A task that comes to grief is an answer like any other, and the service goes on.
    for (report, status, kind) in
        [("forecast", 504, "timed out"), ("import", 500, "killed"), ("share", 500, "panicked")]
    {
        let answer = service.client.get(&format!("/reports/{report}"));
        assert_eq!(answer, (status, json!({ "error": kind, "task": report })));
    }
    assert_eq!(service.client.get("/reports/nothing").0, 404);
    assert_eq!(service.client.get("/metrics").0, 200);

    let (status, printed) = service.end();
    assert!(status.success(), "{status}");
    assert_eq!(printed, ["ending", "ended"]);
    let mails = rusqlite::Connection::open(&db).expect("it is a database");
    let bodies: String = mails
        .query_row("SELECT group_concat(body, '; ') FROM mails", [], |row| row.get(0))
        .expect("they are there");
    assert_eq!(bodies, "Thank you for 2 x lamp; Thank you for 3 x lamp");
}

#[test]
fn too_many_requests_are_told_to_come_back() {
    let folder = tempfile::tempdir().expect("there is room");
    let settings = [("CONCUR_WORKERS", "1"), ("CONCUR_QUEUE_LIMIT", "1")];
    let mut service = Service::start(&folder.path().join("shop.sqlite"), &settings);
    // Of five that ask without a pause one has the worker, one waits, and sooner or later a third
    // one comes. Who got a place is stopped on time, as this report always is.
    let begun = Instant::now();
    let turned_away = AtomicBool::new(false);
    let client = &service.client;
    std::thread::scope(|scope| {
        for _ in 0..5 {
            scope.spawn(|| {
                while !turned_away.load(Ordering::Relaxed) && begun.elapsed() < LONG {
                    match client.get("/reports/forecast") {
                        (504, _) => {}
                        answer => {
                            let body = json!({ "error": "overloaded", "task": "forecast" });
                            assert_eq!(answer, (503, body));
                            turned_away.store(true, Ordering::Relaxed);
                        }
                    }
                }
            });
        }
    });
    assert!(turned_away.into_inner());
    let (status, _) = service.end();
    assert!(status.success(), "{status}");
}

/// The running example.
struct Service {
    child: Child,
    client: Client,
    /// What it prints after its address.
    lines: Receiver<String>,
}

/// Who asks it.
struct Client {
    base: String,
    agent: ureq::Agent,
}

impl Client {
    fn new(base: &str) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None);
        let agent = config.timeout_global(Some(LONG)).build().new_agent();
        Self { base: base.to_owned(), agent }
    }

    fn get(&self, path: &str) -> (u16, Value) {
        read(self.agent.get(format!("{}{path}", self.base)).call())
    }

    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self.agent.post(format!("{}{path}", self.base));
        read(request.content_type("application/json").send(body.to_string()))
    }
}

impl Service {
    /// On a port that is free, which it prints.
    fn start(db: &Path, settings: &[(&str, &str)]) -> Self {
        let mut command = example("axum_service");
        command.arg("127.0.0.1:0").arg(db).envs(settings.iter().copied()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let (send, lines) = channel();
        std::thread::spawn(move || {
            stdout.lines().map_while(Result::ok).try_for_each(|line| send.send(line))
        });
        let mut service = Self { child, client: Client::new(""), lines };
        let line = service.lines.recv_timeout(LONG).expect("it prints its address");
        service.client = Client::new(line.strip_prefix("listening on ").expect("that is first"));
        service
    }

    /// Asks it to end. How it did, and what it printed meanwhile.
    fn end(&mut self) -> (ExitStatus, Vec<String>) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("it is there");
        let mut printed = Vec::new();
        // Its output is at its end when it is.
        loop {
            match self.lines.recv_timeout(LONG) {
                Ok(line) => printed.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it does not end: {printed:?}"),
            }
        }
        (self.child.wait().expect("it is our child"), printed)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It is gone already, unless a check failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The status, and the body if it is JSON.
fn read(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> (u16, Value) {
    let mut answer = answer.expect("it answers");
    let body = answer.body_mut().read_to_string().expect("it is text");
    (answer.status().as_u16(), serde_json::from_str(&body).unwrap_or(Value::Null))
}
