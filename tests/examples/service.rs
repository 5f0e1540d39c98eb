//! The example `service`: annotated methods, called and run as tasks.

use super::{example, line_with, printed};

#[test]
fn reports_and_says_what_failed() {
    let printed = printed(example("service"));
    line_with("growth, computed here: +14.3 %", &printed);
    line_with("EU in 2025: growth +14.3 %, best: cups with 280 cents", &printed);
    line_with("failed: nothing was sold in", &printed);
    line_with("as a value: Some(NothingSold", &printed);
    line_with("service::analyzer::Analyzer::growth", &printed);
}
