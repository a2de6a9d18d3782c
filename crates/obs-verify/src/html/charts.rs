//! Charts as inline SVG.

use std::{collections::BTreeSet, fmt::Write};

use chrono::{DateTime, NaiveDate, Utc};
use obs_model::{KST, Symbol};

use crate::{HeatCell, TimelineGap};

/// The most days of a heat map: more hours than that are no chart any more.
const DAYS: usize = 10;

/// The width of an hour, in pixels as all that follow.
const CELL: usize = 16;
/// The height of a row.
const ROW: usize = 14;
/// The width of a symbol's name.
const LABEL: usize = 60;
/// The height of what stands above the rows.
const HEAD: usize = 30;
/// The width of a timeline.
const WIDTH: f64 = 1000.0;

/// The coverage of each symbol's hours, of the last days.
pub(super) fn heat_map(cells: &[HeatCell], page: &mut String) {
    let days: BTreeSet<NaiveDate> = cells.iter().map(|cell| cell.day).collect();
    let Some(first) = days.iter().nth(days.len().saturating_sub(DAYS)).copied() else { return };
    let cells: Vec<&HeatCell> = cells.iter().filter(|cell| cell.day >= first).collect();
    let columns: BTreeSet<(NaiveDate, u32)> = cells.iter().map(|cell| (cell.day, cell.hour)).collect();
    let columns: Vec<_> = columns.into_iter().collect();
    let symbols: BTreeSet<Symbol> = cells.iter().map(|cell| cell.symbol).collect();
    let symbols: Vec<_> = symbols.into_iter().collect();
    let (width, height) = (LABEL + CELL * columns.len(), HEAD + ROW * symbols.len());
    let _ = writeln!(page, "<h2>Coverage by symbol and hour</h2>\n<svg viewBox=\"0 0 {width} {height}\" width=\"{width}\">");
    for (nth, (day, hour)) in columns.iter().enumerate() {
        let x = LABEL + CELL * nth;
        if nth == 0 || columns[nth - 1].0 != *day {
            let _ = writeln!(page, "<text x=\"{x}\" y=\"10\">{day}</text>");
        }
        let _ = writeln!(page, "<text x=\"{x}\" y=\"24\">{hour:02}</text>");
    }
    for (nth, symbol) in symbols.iter().enumerate() {
        let _ = writeln!(page, "<text x=\"0\" y=\"{}\">{symbol}</text>", HEAD + ROW * nth + 11);
    }
    for cell in cells {
        let (Ok(column), Ok(row)) = (columns.binary_search(&(cell.day, cell.hour)), symbols.binary_search(&cell.symbol))
        else {
            continue;
        };
        // From red over yellow to green.
        let hue = (120.0 * cell.coverage).round();
        let (x, y) = (LABEL + CELL * column, HEAD + ROW * row);
        let _ = writeln!(
            page,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" fill=\"hsl({hue} 60% 55%)\"><title>{} {} {:02}:00: \
             {:.1} %</title></rect>",
            CELL - 1,
            ROW - 1,
            cell.symbol,
            cell.day,
            cell.hour,
            100.0 * cell.coverage
        );
    }
    page.push_str("</svg>\n");
}

/// When there were gaps, a row a reason.
pub(super) fn timeline(gaps: &[TimelineGap], page: &mut String) {
    let (Some(from), Some(until)) = (gaps.iter().map(|gap| gap.start).min(), gaps.iter().map(|gap| gap.end).max()) else {
        return;
    };
    let span = ((until - from).num_milliseconds() as f64).max(1.0);
    let reasons: BTreeSet<&str> = gaps.iter().map(|gap| gap.reason.as_str()).collect();
    let reasons: Vec<_> = reasons.into_iter().collect();
    let (label, height) = (130.0, HEAD + ROW * reasons.len());
    let shown = |at: DateTime<Utc>| at.with_timezone(&KST).format("%Y-%m-%d %H:%M:%S");
    let _ = writeln!(page, "<h2>Gaps</h2>\n<svg viewBox=\"0 0 {} {height}\" width=\"{}\">", WIDTH + label, WIDTH + label);
    let _ = writeln!(page, "<text x=\"{label}\" y=\"12\">{}</text>", shown(from));
    let _ = writeln!(page, "<text x=\"{}\" y=\"12\" text-anchor=\"end\">{}</text>", WIDTH + label, shown(until));
    for (nth, reason) in reasons.iter().enumerate() {
        let _ = writeln!(page, "<text x=\"0\" y=\"{}\">{reason}</text>", HEAD + ROW * nth + 11);
    }
    for gap in gaps {
        let Ok(row) = reasons.binary_search(&gap.reason.as_str()) else { continue };
        let x = label + WIDTH * ((gap.start - from).num_milliseconds() as f64) / span;
        let width = (WIDTH * ((gap.end - gap.start).num_milliseconds() as f64) / span).max(1.0);
        let _ = writeln!(
            page,
            "<rect x=\"{x:.1}\" y=\"{}\" width=\"{width:.1}\" height=\"{}\" fill=\"#b03030\"><title>{} to {}, {}</title></rect>",
            HEAD + ROW * row,
            ROW - 2,
            shown(gap.start),
            shown(gap.end),
            gap.reason
        );
    }
    page.push_str("</svg>\n");
}
