//! What is printed: the metrics, the times in a table, and the charts.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::Duration;

use concur::Driver;

use crate::Pass;
use crate::metrics::{Metrics, Rate};
use crate::timeline::Chart;

/// The metrics themselves.
pub(crate) fn metrics(out: &mut impl Write, metrics: &Metrics) -> io::Result<()> {
    let Metrics { totals, busiest_day, .. } = metrics;
    writeln!(out, "\nThe shop")?;
    writeln!(out, "  users           {:>14}", thousands(totals.users.into()))?;
    writeln!(out, "  orders          {:>14}", thousands(totals.orders.into()))?;
    writeln!(out, "  products        {:>14}", thousands(totals.products.into()))?;
    writeln!(out, "  page views      {:>14}", thousands(totals.page_views.into()))?;
    writeln!(out, "  revenue         {:>14}", money(metrics.revenue))?;
    writeln!(
        out,
        "  conversion      {:>14}  of the visitors ordered",
        percent(&metrics.conversion)
    )?;
    writeln!(
        out,
        "  abandonment     {:>14}  of the carts were left",
        percent(&metrics.abandonment)
    )?;
    writeln!(out, "  busiest day     {:>14}  {} visitors", busiest_day.date, busiest_day.visitors)?;
    writeln!(out, "  average visit   {:>12} s", metrics.visit_length)?;
    for (title, sales) in [
        ("\nTop products by revenue", &metrics.top_products),
        ("\nTop countries by revenue", &metrics.top_countries),
    ] {
        writeln!(out, "{title}")?;
        for sale in sales {
            writeln!(out, "  {:<30}{:>14}", sale.name, money(sale.cents))?;
        }
    }
    Ok(())
}

/// The times: `baseline` is one metric after another, without concur. Speed-ups are of medians.
pub(crate) fn times(
    out: &mut impl Write,
    baseline: &[Pass],
    drivers: &[(Driver, Vec<Pass>)],
) -> io::Result<()> {
    let reference = median(baseline).took;
    writeln!(out, "\n               fastest    median  speed-up  processes")?;
    row(out, "no concur", baseline, reference)?;
    for (driver, passes) in drivers {
        row(out, &driver.to_string(), passes, reference)?;
    }
    Ok(())
}

fn row(out: &mut impl Write, name: &str, passes: &[Pass], reference: Duration) -> io::Result<()> {
    let fastest = passes.iter().map(|pass| pass.took).min().unwrap_or_default().as_secs_f64();
    let Pass { spans, took, .. } = median(passes);
    let median = took.as_secs_f64();
    let speed_up = reference.as_secs_f64() / median;
    let processes = spans.iter().map(|span| span.pid).collect::<BTreeSet<_>>().len();
    writeln!(out, "  {name:<10}{fastest:>8.2} s{median:>8.2} s{speed_up:>9.2}x{processes:>11}")
}

/// Who ran when, in the median pass of each driver.
pub(crate) fn charts(out: &mut impl Write, drivers: &[(Driver, Vec<Pass>)]) -> io::Result<()> {
    for (driver, passes) in drivers {
        let Pass { spans, started, took, .. } = median(passes);
        writeln!(out, "\n{driver}: who ran when, in {:.2} s", took.as_secs_f64())?;
        write!(out, "{}", Chart { spans, started: *started, took: *took })?;
    }
    Ok(())
}

/// The pass in the middle, by the time it took.
fn median(passes: &[Pass]) -> &Pass {
    let mut by_time: Vec<_> = passes.iter().collect();
    by_time.sort_by_key(|pass| pass.took);
    by_time[by_time.len() / 2]
}

/// 1234567 as `1,234,567`.
fn thousands(number: i64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn money(cents: i64) -> String {
    format!("{}.{:02}", thousands(cents / 100), cents % 100)
}

fn percent(rate: &Rate) -> String {
    format!("{:.1} %", 100.0 * f64::from(rate.part) / f64::from(rate.whole))
}
