//! What options may say, and what is said when they do not.

use super::{Options, Place, read, values};
use crate::errors::Errors;

fn read_as(options: &str, place: Place) -> (Options, Vec<String>) {
    let mut errors = Errors::default();
    let options = read(options.parse().expect("the test is tokens"), place, &mut errors);
    (options, errors.messages())
}

/// The options give these errors, told by a part of each, and no other.
fn refused_at(options: &str, place: Place, parts: &[&str]) {
    let (_, messages) = read_as(options, place);
    let matching = messages.iter().zip(parts).filter(|(message, part)| message.contains(*part));
    assert!(
        matching.count() == parts.len() && messages.len() == parts.len(),
        "{options}: {messages:#?}"
    );
}

fn refused(options: &str, parts: &[&str]) {
    refused_at(options, Place::Function, parts);
}

#[test]
fn every_option_is_read() {
    let text = r#"name = "sales", timeout = "1.5s", deadline = "2m", retries = 3, backoff = "100ms",
                  driver = "fork", isolated, memory_limit = "512MiB", fallible = false,
                  crate = a::b,"#;
    let (options, messages) = read_as(text, Place::Function);
    assert_eq!(messages, [""; 0]);
    assert_eq!(
        options.written().to_string().replace(' ', ""),
        "__concur_private::WrittenOptions::new().name(\"sales\").driver(\"fork\")\
         .timeout(1500000000u64).deadline(120000000000u64).retries(3u32).backoff(100000000u64)\
         .isolated(true).memory_limit(536870912u64)"
    );
    assert_eq!(options.fallible, Some(false));
    assert_eq!(options.krate.expect("it is said").to_string().replace(' ', ""), "a::b");
    let (options, messages) =
        read_as("isolated = false, crate = \"c\", retries = 0u32", Place::Function);
    assert_eq!((options.isolated, options.retries, messages.len()), (Some(false), Some(0), 0));
}

#[test]
fn unknown_options_are_refused_with_the_nearest() {
    refused("retry = 3", &["write `retries` (allowed are `name`"]);
    refused("time_out = \"3s\"", &["write `timeout`"]);
    refused("memory = \"3GB\"", &["write `memory_limit`"]);
    refused("isolate", &["write `isolated`"]);
    refused("workers = 3", &["no option `workers`: allowed are"]);
    refused_at("retry = 3", Place::Entry, &["`isolated`, `memory_limit`)"]);
}

#[test]
fn options_stand_where_they_mean_something() {
    refused_at(
        "fallible, crate = c",
        Place::Entry,
        &["a task of a block fails by `?`", "knows its crate"],
    );
    refused_at(
        "timeout = \"3s\", crate = c",
        Place::Impl,
        &["write `#[concurrent(timeout ..)]` on"],
    );
}

#[test]
fn wrong_values_are_refused_with_what_is_allowed() {
    for value in
        ["\"30\"", "\"30d\"", "\"0s\"", "\"-1s\"", "30", "TIMEOUT", "\"1s\" + 1", "-1", "b\"1s\""]
    {
        refused(
            &format!("timeout = {value}"),
            &["`timeout` must be a number above zero with its unit"],
        );
    }
    for value in ["-1", "\"2\"", "1.5", "4294967296", "2u8", "true", "N"] {
        refused(&format!("retries = {value}"), &["`retries` must be a whole number"]);
    }
    for value in ["\"512\"", "\"1023KiB\"", "\"1.5GiB\"", "\"4mb\"", "512", "\"\""] {
        refused(
            &format!("memory_limit = {value}"),
            &["`memory_limit` must be a whole number with"],
        );
    }
    for value in ["1", "\"true\"", "yes"] {
        refused(&format!("isolated = {value}"), &["`isolated` must be `true` or `false`"]);
    }
    refused("name = sales, driver = 'f'", &["`name` must be text", "`driver` must be text"]);
    refused("name = \"\", driver = \" \"", &["`name` must be text", "`driver` must be text"]);
    refused("crate = 3", &["`crate` must be a path"]);
}

#[test]
fn every_mistake_is_reported_and_the_rest_is_read() {
    let text = "retries, timeout(\"3s\"), 3, , isolated, isolated, backoff = , driver: \"fork\", name = \"n\"";
    let (options, messages) = read_as(text, Place::Function);
    let parts = [
        "`retries` needs a value: write `retries = 2`",
        "joined by `=`: write `timeout = \"30s\"`",
        "this is no option",
        "this is no option",
        "`isolated` is said a second time",
        "`backoff` needs a value",
        "joined by `=`",
    ];
    assert_eq!(messages.len(), parts.len(), "{messages:#?}");
    assert!(
        messages.iter().zip(parts).all(|(message, part)| message.contains(part)),
        "{messages:#?}"
    );
    assert_eq!(
        (options.name.map(|name| name.value()), options.isolated),
        (Some("n".to_owned()), Some(true))
    );
}

/// The same table stands in the runtime, see the head of `values`.
#[test]
fn sizes_are_read_as_the_runtime_reads_them() {
    // sizes: begin
    const BYTES: [(&str, Option<u64>); 20] = [
        ("1MiB", Some(1 << 20)),
        (" 2 GB ", Some(2_000_000_000)),
        ("1048576B", Some(1 << 20)),
        ("2000KB", Some(2_000_000)),
        ("1024KiB", Some(1 << 20)),
        ("3MB", Some(3_000_000)),
        ("1GiB", Some(1 << 30)),
        ("", None),
        ("512", None),
        ("MiB", None),
        ("-1MiB", None),
        ("+1MiB", None),
        ("4mib", None),
        ("4M", None),
        ("1TiB", None),
        ("1.5GiB", None),
        ("1e3KB", None),
        ("99999999999GiB", None),
        ("1MiB2", None),
        ("٣MiB", None),
    ];
    // sizes: end
    for (text, bytes) in BYTES {
        assert_eq!(values::size(text), bytes, "{text:?}");
    }
    assert_eq!((values::size("1023KiB"), values::size("0B")), (None, None));
}

/// The same table stands in the runtime, see the head of `values`.
#[test]
fn durations_are_read_as_the_runtime_reads_them() {
    // durations: begin
    const NANOS: [(&str, Option<u64>); 23] = [
        ("250ms", Some(250_000_000)),
        ("2s", Some(2_000_000_000)),
        ("1.5s", Some(1_500_000_000)),
        ("1 m", Some(60_000_000_000)),
        (" 1h ", Some(3_600_000_000_000)),
        ("10us", Some(10_000)),
        ("7ns", Some(7)),
        ("0.001us", Some(1)),
        ("5124095h", Some(18_446_742_000_000_000_000)),
        ("", None),
        ("5", None),
        ("s", None),
        ("-1s", None),
        ("+1s", None),
        ("0s", None),
        ("0.0001us", None),
        ("1d", None),
        ("1e3s", None),
        ("nans", None),
        ("inf s", None),
        ("1s1", None),
        ("1..2s", None),
        ("١s", None),
    ];
    // durations: end
    for (text, nanos) in NANOS {
        assert_eq!(values::duration(text), nanos, "{text:?}");
    }
    assert_eq!(values::duration("5124096h"), None);
}
