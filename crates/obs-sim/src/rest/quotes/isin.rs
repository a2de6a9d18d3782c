//! International securities identification numbers (ISO 6166).

use obs_model::Symbol;

/// The number of a Korean share: country, kind, short code, and a digit that checks the others.
pub(super) fn of(symbol: Symbol) -> String {
    let code = symbol.as_str();
    let body = format!("KR7{}00", code.get(code.len() - Symbol::LEN..).unwrap_or(code));
    let digit = check_digit(&body);
    format!("{body}{digit}")
}

/// Luhn's check over the digits, in which a letter counts as the two digits of its place after 9.
fn check_digit(body: &str) -> u32 {
    let values = body.chars().filter_map(|character| character.to_digit(36));
    let digits: Vec<u32> =
        values.flat_map(|value| if value > 9 { vec![value / 10, value % 10] } else { vec![value] }).collect();
    let doubled = digits.iter().rev().step_by(2).map(|digit| digit * 2).map(|sum| sum / 10 + sum % 10);
    let single = digits.iter().rev().skip(1).step_by(2);
    (10 - (doubled.sum::<u32>() + single.sum::<u32>()) % 10) % 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_known_shares_are_right() {
        let of = |code: &str| of(code.parse().unwrap());
        assert_eq!(of("005930"), "KR7005930003");
        assert_eq!(of("000660"), "KR7000660001");
        assert_eq!(of("035720"), "KR7035720002");
    }
}
