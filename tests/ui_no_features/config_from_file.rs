//! A file with settings without the feature that reads it.

use concur::Config;

fn main() {
    let _ = Config::from_file("concur.toml").and_then(Config::install);
}
