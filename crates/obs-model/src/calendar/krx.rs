//! What KRX and the Korean government announced.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::TradingDay;

/// The odd days of 2025 to 2027. Saturdays and Sundays are not among them.
pub(super) fn days() -> BTreeMap<NaiveDate, TradingDay> {
    let of_kind = |days: &'static [(i32, u32, u32)], is| {
        days.iter().filter_map(move |(year, month, day)| Some((NaiveDate::from_ymd_opt(*year, *month, *day)?, is)))
    };
    of_kind(&CLOSED, TradingDay::Closed)
        .chain(of_kind(&LATE_OPENINGS, TradingDay::LateOpening))
        .chain(of_kind(&EXAMINATIONS, TradingDay::Shifted))
        .collect()
}

/// Weekdays without trading. From 2026 on, Constitution Day (17 July) and Labour Day (1 May) are public holidays with a
/// substitute when they fall on a weekend (amendment of the Public Holidays Act, in force since 2026-05-11); the last weekday
/// of a year is always closed.
const CLOSED: [(i32, u32, u32); 52] = [
    (2025, 1, 1),
    (2025, 1, 27), // decreed before the lunar new year
    (2025, 1, 28),
    (2025, 1, 29),
    (2025, 1, 30),
    (2025, 3, 3),
    (2025, 5, 1),
    (2025, 5, 5),
    (2025, 5, 6),
    (2025, 6, 3), // presidential election
    (2025, 6, 6),
    (2025, 8, 15),
    (2025, 10, 3),
    (2025, 10, 6),
    (2025, 10, 7),
    (2025, 10, 8),
    (2025, 10, 9),
    (2025, 12, 25),
    (2025, 12, 31),
    (2026, 1, 1),
    (2026, 2, 16), // lunar new year, three days
    (2026, 2, 17),
    (2026, 2, 18),
    (2026, 3, 2),
    (2026, 5, 1),
    (2026, 5, 5),
    (2026, 5, 25), // for Buddha's birthday on a Sunday
    (2026, 6, 3),  // local elections
    (2026, 7, 17),
    (2026, 8, 17),
    (2026, 9, 24), // Chuseok
    (2026, 9, 25),
    (2026, 10, 5),
    (2026, 10, 9),
    (2026, 12, 25),
    (2026, 12, 31),
    (2027, 1, 1),
    (2027, 2, 8), // lunar new year, and the substitute for its Sunday
    (2027, 2, 9),
    (2027, 3, 1),
    (2027, 5, 3), // for Labour Day on a Saturday
    (2027, 5, 5),
    (2027, 5, 13), // Buddha's birthday
    (2027, 7, 19), // for Constitution Day on a Saturday
    (2027, 8, 16),
    (2027, 9, 14), // Chuseok, three days
    (2027, 9, 15),
    (2027, 9, 16),
    (2027, 10, 4),
    (2027, 10, 11),
    (2027, 12, 27), // for Christmas on a Saturday
    (2027, 12, 31),
];

/// The first trading day of each year.
const LATE_OPENINGS: [(i32, u32, u32); 3] = [(2025, 1, 2), (2026, 1, 2), (2027, 1, 4)];

/// The days of the college scholastic ability test.
const EXAMINATIONS: [(i32, u32, u32); 3] = [(2025, 11, 13), (2026, 11, 19), (2027, 11, 18)];
