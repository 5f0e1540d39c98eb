//! `examples/http_retries`: what is tried again, how often, and what the caller learns of it.

use super::{example, line_with, printed};

#[test]
fn addresses_are_asked_as_often_as_their_terms_say() {
    let printed = printed(example("http_retries"));
    let parts: Vec<&str> = printed.split("\n\n").collect();
    let [own, same, deadline] = parts[..] else { panic!("three parts:\n{printed}") };

    assert!(line_with("/news", own).ends_with("asked 1x: \"nothing happened\""), "{own}");
    assert!(line_with("/prices", own).ends_with("asked 3x: \"everything is dear\""), "{own}");
    let silent = line_with("/weather", own);
    assert!(
        silent.contains("its timeout of 300ms") && silent.contains("after 2 attempts"),
        "{own}"
    );
    let gone = line_with("/manual", own);
    assert!(gone.contains("asked 1x") && gone.contains("the server answered 404"), "{gone}");

    assert!(line_with("/stocks", same).ends_with("asked 3x: \"everything is dear\""), "{same}");
    let broken = line_with("/broken", same);
    assert!(broken.contains("asked 4x") && broken.contains("after 4 attempts"), "{broken}");
    // The callers got the error itself, and could tell one from the other.
    let after = |line: &str| same.lines().skip_while(|it| *it != line).nth(1).map(str::trim);
    assert_eq!(after(broken), Some("tell those who run the server"));
    assert_eq!(after(line_with("/nowhere", same)), Some("strike it from the list"));

    // How many attempts there was time for is the machine's business.
    assert!(line_with("/broken", deadline).contains("task `fetch` "), "{deadline}");
}
