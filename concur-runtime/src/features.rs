//! What is said of methods whose feature is not enabled.
//!
//! Without its feature such a method is there all the same, hidden, with a bound that nothing meets; the
//! bound says which feature it is. With the feature nothing of this is left. (A type or a module needs
//! none of it: of those rustc tells by itself what a `cfg` has taken out.)

/// This crate, as it was built.
#[derive(Debug, Clone, Copy)]
pub struct Concur;

/// Met by nothing: see [`features`](self).
#[cfg(not(feature = "progress"))]
#[diagnostic::on_unimplemented(
    message = "`progress()` needs the feature `progress` of concur",
    label = "this is there with the feature `progress` alone",
    note = "in Cargo.toml: `concur = {{ package = \"concur-rs\", version = \"..\", features = [\"progress\"] }}`"
)]
pub trait ShowsProgress<T> {}

/// Met by nothing: see [`features`](self).
#[cfg(not(feature = "config-file"))]
#[diagnostic::on_unimplemented(
    message = "`Config::from_file` needs the feature `config-file` of concur",
    label = "this is there with the feature `config-file` alone",
    note = "in Cargo.toml: `concur = {{ package = \"concur-rs\", version = \"..\", features = [\"config-file\"] }}`"
)]
pub trait ReadsFiles<P> {}
