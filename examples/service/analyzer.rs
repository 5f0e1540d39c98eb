//! The service: what it knows travels with its tasks, so it is data.

use std::fmt;
use std::time::Duration;

use concur::attr::concurrent;
use serde::{Deserialize, Serialize};

/// Something that was sold.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Sale {
    pub(crate) product: String,
    pub(crate) year: u16,
    pub(crate) cents: u64,
}

/// Why there is no analysis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum AnalysisError {
    NothingSold { year: u16 },
}

impl fmt::Display for AnalysisError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingSold { year } => write!(f, "nothing was sold in {year}"),
        }
    }
}

impl std::error::Error for AnalysisError {}

/// Analyses the sales of a region.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Analyzer {
    region: String,
    sales: Vec<Sale>,
}

/// What the service gives.
#[derive(Debug, PartialEq)]
pub(crate) struct Report {
    pub(crate) title: String,
    pub(crate) growth: f64,
    pub(crate) best: (String, u64),
}

#[concurrent]
impl Analyzer {
    pub(crate) fn new(region: &str, sales: Vec<Sale>) -> Self {
        Self { region: region.to_owned(), sales }
    }

    /// The change against the year before, in per cent.
    #[concurrent(timeout = "10s")]
    pub(crate) fn growth(&self, year: u16) -> Result<f64, AnalysisError> {
        let before = self.total(year - 1)?;
        let now = self.total(year)?;
        // Cents of a few years are exact as floating point.
        #[expect(clippy::cast_precision_loss, reason = "sums of this size are exact")]
        let growth = 100.0 * (now as f64 / before as f64 - 1.0);
        Ok(growth)
    }

    /// The product that sold best.
    #[concurrent(timeout = "10s", retries = 1)]
    pub(crate) fn best(&self, year: u16) -> Result<(String, u64), AnalysisError> {
        let sales = self.sales.iter().filter(|sale| sale.year == year);
        let best = sales.max_by_key(|sale| sale.cents);
        let best = best.ok_or(AnalysisError::NothingSold { year })?;
        Ok((best.product.clone(), best.cents))
    }

    /// Both, at the same time, each in a process of its own.
    pub(crate) fn report(&self, year: u16) -> Result<Report, concur::Error> {
        let (growth, best) = concur::join((self.growth_task(year), self.best_task(year)))
            .deadline(Duration::from_secs(30))
            .run()?;
        Ok(Report { title: format!("{} in {year}", self.region), growth, best })
    }

    fn total(&self, year: u16) -> Result<u64, AnalysisError> {
        let sales = self.sales.iter().filter(|sale| sale.year == year);
        let total: u64 = sales.map(|sale| sale.cents).sum();
        if total == 0 { Err(AnalysisError::NothingSold { year }) } else { Ok(total) }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { title, growth, best: (product, cents) } = self;
        writeln!(f, "{title}: growth {growth:+.1} %, best: {product} with {cents} cents")
    }
}
