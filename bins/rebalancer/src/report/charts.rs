//! Charts as inline SVG. Each has a title and a description for those who do not see it, and a table beside it.

use std::fmt::Write;

use chrono::{DateTime, Utc};
use obs_rebalance::{PlanFigures, Report, WeightChange};
use rust_decimal::{Decimal, prelude::ToPrimitive};

use crate::text::{percent, time, won};

/// The width of a chart, in pixels as all that follow.
const WIDTH: f64 = 900.0;
/// The width of a name beside a bar.
const LABEL: f64 = 90.0;
/// The width that is left for a number behind a bar.
const NUMBER: f64 = 90.0;
/// The height of a row of bars.
const ROW: f64 = 30.0;
/// The most plans in the chart of costs; the table has all.
const PLANS: usize = 40;

/// Bars of each symbol's weight before and after, with a mark at the target.
pub(super) fn weights(change: &WeightChange, page: &mut String) {
    let rows = change.symbols.iter().map(|row| (row.symbol.to_string(), row.target.share(), row.before, row.after));
    let cash = ("cash".to_owned(), change.cash_target, change.cash_before, change.cash_after);
    let rows: Vec<_> = rows.chain([cash]).collect();
    let most = rows.iter().flat_map(|row| [row.1, row.2, row.3]).max().unwrap_or_default();
    let scale = (WIDTH - LABEL - NUMBER) / number(most).max(0.000_001);
    let height = ROW * count(rows.len()) + 24.0;
    begin(
        "weights",
        "Weights before and after",
        "Two bars for each symbol, before above after, and a mark at its target.",
        height,
        page,
    );
    let _ = writeln!(
        page,
        "<rect class=\"before\" x=\"{LABEL}\" y=\"4\" width=\"10\" height=\"10\"/><text x=\"{}\" y=\"13\">before</text>\
         <rect class=\"after\" x=\"{}\" y=\"4\" width=\"10\" height=\"10\"/><text x=\"{}\" y=\"13\">after</text>\
         <line class=\"target\" x1=\"{}\" y1=\"3\" x2=\"{1}\" y2=\"15\"/><text x=\"{}\" y=\"13\">target</text>",
        LABEL + 14.0,
        LABEL + 70.0,
        LABEL + 84.0,
        LABEL + 132.0,
        LABEL + 138.0,
    );
    for (nth, (name, target, before, after)) in rows.iter().enumerate() {
        let y = 24.0 + ROW * count(nth);
        let _ = writeln!(page, "<text x=\"0\" y=\"{:.1}\">{name}</text>", y + 17.0);
        for (class, share, top) in [("before", before, y + 3.0), ("after", after, y + 14.0)] {
            let width = (number(*share) * scale).max(0.0);
            let _ = writeln!(
                page,
                "<rect class=\"{class}\" x=\"{LABEL}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"10\"><title>{name} {class}: \
                 {}</title></rect>",
                percent(*share)
            );
        }
        let (x, end) = (LABEL + number(*target) * scale, LABEL + number(*after.max(before)) * scale);
        let _ = writeln!(
            page,
            "<line class=\"target\" x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" y2=\"{:.1}\"><title>{name} target: {}</title></line>\
             <text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            y + 1.0,
            y + 26.0,
            percent(*target),
            end.max(x) + 6.0,
            y + 23.0,
            percent(*after)
        );
    }
    page.push_str("</svg>\n");
}

/// The drift of each snapshot as a line, with a mark where a plan was made.
pub(super) fn drift(report: &Report, page: &mut String) {
    let made = report.plans.iter().map(|plan| plan.created_at);
    let times: Vec<DateTime<Utc>> = report.drift.iter().map(|point| point.at).chain(made).collect();
    let (Some(from), Some(until)) = (times.iter().min(), times.iter().max()) else { return };
    let span = milliseconds(*from, *until).max(1.0);
    let most = report.drift.iter().map(|point| point.drift).max().unwrap_or_default();
    let (top, bottom) = (14.0, 214.0);
    let x = |at: DateTime<Utc>| LABEL + (WIDTH - LABEL - 20.0) * milliseconds(*from, at) / span;
    let y = |drift: Decimal| bottom - (bottom - top) * number(drift) / number(most).max(0.000_001);
    begin(
        "drift",
        "Drift over time",
        "The drift of each snapshot as a line, with a dashed line where a plan was made.",
        240.0,
        page,
    );
    let _ = writeln!(
        page,
        "<line class=\"axis\" x1=\"{LABEL}\" y1=\"{bottom}\" x2=\"{WIDTH}\" y2=\"{bottom}\"/>\
         <line class=\"axis\" x1=\"{LABEL}\" y1=\"{top}\" x2=\"{LABEL}\" y2=\"{bottom}\"/>\
         <text x=\"0\" y=\"{:.1}\">{}</text><text x=\"0\" y=\"{bottom}\">0.00 %</text>\
         <text x=\"{LABEL}\" y=\"232\">{}</text><text x=\"{WIDTH}\" y=\"232\" text-anchor=\"end\">{}</text>",
        top + 8.0,
        percent(most),
        time(*from),
        time(*until)
    );
    for plan in &report.plans {
        let x = x(plan.created_at);
        let _ = writeln!(
            page,
            "<line class=\"plan\" x1=\"{x:.1}\" y1=\"{top}\" x2=\"{x:.1}\" y2=\"{bottom}\"><title>plan {}, {}, {}</title></line>",
            plan.plan,
            plan.status,
            time(plan.created_at)
        );
    }
    let points: Vec<String> = report.drift.iter().map(|point| format!("{:.1},{:.1}", x(point.at), y(point.drift))).collect();
    let _ = writeln!(page, "<polyline class=\"drift\" points=\"{}\"/>", points.join(" "));
    for point in &report.drift {
        let _ = writeln!(
            page,
            "<circle class=\"dot\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\"><title>{}: {}</title></circle>",
            x(point.at),
            y(point.drift),
            time(point.at),
            percent(point.drift)
        );
    }
    page.push_str("</svg>\n");
}

/// Commission, tax and slippage of each plan as bars. Slippage that is better than nothing has none.
pub(super) fn costs(plans: &[PlanFigures], page: &mut String) {
    let plans = &plans[plans.len().saturating_sub(PLANS)..];
    let parts = |plan: &PlanFigures| {
        let figures = plan.figures;
        [("fee", "commission", figures.commission), ("tax", "tax", figures.tax), ("slip", "slippage", figures.slippage)]
    };
    let worse = |won: Decimal| won.max(Decimal::ZERO);
    let sum = |plan: &PlanFigures| parts(plan).iter().map(|part| worse(part.2.won())).sum::<Decimal>();
    let most = plans.iter().map(sum).max().unwrap_or_default();
    let scale = (WIDTH - LABEL - NUMBER) / number(most).max(1.0);
    let height = 20.0 * count(plans.len()) + 24.0;
    begin("costs", "Costs by plan", "A bar for each plan: commission, then tax, then slippage.", height, page);
    for (class, name, x) in [("fee", "commission", 0.0), ("tax", "tax", 100.0), ("slip", "slippage", 160.0)] {
        let x = LABEL + x;
        let _ = writeln!(
            page,
            "<rect class=\"{class}\" x=\"{x}\" y=\"4\" width=\"10\" height=\"10\"/><text x=\"{}\" y=\"13\">{name}</text>",
            x + 14.0
        );
    }
    for (nth, plan) in plans.iter().enumerate() {
        let y = 24.0 + 20.0 * count(nth);
        let _ = writeln!(page, "<text x=\"0\" y=\"{:.1}\">plan {}</text>", y + 12.0, plan.plan);
        let mut x = LABEL;
        for (class, name, amount) in parts(plan) {
            let width = number(worse(amount.won())) * scale;
            let _ = writeln!(
                page,
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"14\"><title>plan {}, {name}: {} \
                 won</title></rect>",
                plan.plan,
                won(amount)
            );
            x += width;
        }
    }
    page.push_str("</svg>\n");
}

fn begin(id: &str, title: &str, description: &str, height: f64, page: &mut String) {
    let _ = writeln!(
        page,
        "<svg viewBox=\"0 0 {WIDTH} {height:.0}\" width=\"{WIDTH}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">\
         <title id=\"{id}-title\">{title}</title><desc id=\"{id}-desc\">{description} The table below has the numbers.</desc>"
    );
}

/// A number as a place on the page; no amount is computed with it.
fn number(value: Decimal) -> f64 {
    value.to_f64().unwrap_or_default()
}

const fn count(number: usize) -> f64 {
    number as f64
}

fn milliseconds(from: DateTime<Utc>, until: DateTime<Utc>) -> f64 {
    (until - from).num_milliseconds() as f64
}
