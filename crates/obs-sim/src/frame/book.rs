//! H0STASP0: order books.

use super::text::{hour, percent, sign};
use crate::market::{BookView, Level, Phase};

/// The transaction that carries order books.
pub const BOOK_TR_ID: &str = "H0STASP0";

/// How many fields a book has. The broker has widened it twice without notice, so a client must live with any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BookWidth {
    /// What the broker documents.
    Documented,
    /// With KRX's midpoint book, as seen in June 2026.
    Midpoint,
    /// What it sends since 2026-09-14: one more, the market class.
    #[default]
    Current,
}

impl BookWidth {
    /// The number of fields.
    #[must_use]
    pub const fn fields(self) -> usize {
        match self {
            Self::Documented => 59,
            Self::Midpoint => 62,
            Self::Current => 63,
        }
    }
}

/// Writes a book as one frame. A frame carries one book only.
#[must_use]
pub fn encode_book(book: &BookView, width: BookWidth) -> String {
    let fields = fields(book);
    format!("0|{BOOK_TR_ID}|001|{}", fields.get(..width.fields()).unwrap_or(&fields).join("^"))
}

/// The fields in the order of the documentation.
fn fields(book: &BookView) -> Vec<String> {
    let sides = [&book.asks, &book.bids];
    let of_levels = |pick: fn(&Level) -> i64| {
        sides
            .into_iter()
            .flat_map(move |side| (0..BookView::LEVELS).map(move |level| side.get(level).map_or(0, pick).to_string()))
    };
    let totals = sides.map(|side| side.iter().map(|level| level.size).sum::<i64>().to_string());
    let zeros = |count| std::iter::repeat_n("0".to_owned(), count);
    let mut fields = vec![book.symbol.to_string(), hour(book.at), hour_class(book.phase).to_owned()];
    fields.extend(of_levels(|level| level.price));
    fields.extend(of_levels(|level| level.size));
    // 43: depth, and that of trading after hours
    fields.extend(totals);
    fields.extend(zeros(2));
    // 47: the expected auction
    let Level { price, size } = book.expected.unwrap_or_default();
    // Without one, the broker still sends a change: that of a price of 0.
    let change = price - book.base_price;
    fields.extend([price, size, size, change].map(|number| number.to_string()));
    fields.extend([sign(change).to_string(), percent(change, book.base_price)]);
    // 53
    fields.push(book.volume.to_string());
    fields.extend(zeros(5));
    // 59: the midpoint book is empty
    fields.extend(zeros(3));
    fields.push("2".to_owned());
    fields
}

/// Whether the book is of the session, or of the auction before or after it.
const fn hour_class(phase: Phase) -> &'static str {
    match phase {
        Phase::OpeningAuction => "B",
        Phase::ClosingAuction => "A",
        Phase::Continuous | Phase::Closed => "0",
    }
}
