//! Numbers as people write them, without floats.

use rust_decimal::Decimal;

/// Reads `0.2`, `-3`, `1e-3`, or `20 %`, exactly; nothing else is a number.
pub(crate) fn decimal(text: &str) -> Option<Decimal> {
    let text = text.trim();
    if let Some(percent) = text.strip_suffix('%') {
        let percent = plain(percent.trim_end())?.normalize();
        return Decimal::try_from_i128_with_scale(percent.mantissa(), percent.scale() + 2)
            .ok()
            .map(|share| share.normalize());
    }
    plain(text)
}

/// Takes the separators out of `1,234,567.5`, which stand before every three digits or nowhere.
pub(crate) fn without_separators(text: &str) -> Option<String> {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let mut groups = digits.split(',');
    let first = groups.next()?;
    let is_grouped = digits.contains(',');
    if is_grouped && (!(1..=3).contains(&first.len()) || !groups.all(|group| group.len() == 3)) {
        return None;
    }
    let whole = whole.replace(',', "");
    Some(fraction.map_or(whole.clone(), |fraction| format!("{whole}.{fraction}")))
}

/// A share in percent, for people: exact.
pub(crate) fn percent(share: Decimal) -> String {
    format!("{} %", (share * Decimal::ONE_HUNDRED).normalize())
}

fn plain(text: &str) -> Option<Decimal> {
    let number = text.strip_prefix('-').unwrap_or(text);
    let begins = number.starts_with(|c: char| c.is_ascii_digit());
    let is_plain = begins && !number.ends_with('.') && number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if is_plain {
        return Decimal::from_str_exact(text).ok().map(|number| number.normalize());
    }
    let is_scientific =
        begins && number.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    if is_scientific { Decimal::from_scientific(text).ok().map(|number| number.normalize()) } else { None }
}
