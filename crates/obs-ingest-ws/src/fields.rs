//! Cutting text at its carets, 64 bytes at a step.
//!
//! A record holds some fifty fields of which we want ten. So carets are found eight bytes at a time with the arithmetic of one
//! word (SWAR), and the fields in between are counted instead of cut.

/// A caret in each byte of a word.
const CARETS: u64 = u64::from_le_bytes([b'^'; 8]);
/// The digit zero in each byte of a word.
const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);
/// Bytes that are searched in one step: a bit for each fits in a word.
const BLOCK: usize = 64;

/// A field, within the text that it stands in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<'a> {
    text: &'a str,
    start: usize,
    end: usize,
}

/// Walks over the fields of a text.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    text: &'a str,
    /// Where the block begins that `carets` tells about.
    block: usize,
    /// A bit for each caret of the block that is still ahead.
    carets: u64,
    /// Where the next field begins.
    start: usize,
}

impl<'a> Field<'a> {
    /// A part of a text, both ends between characters.
    pub(crate) const fn new(text: &'a str, start: usize, end: usize) -> Self {
        Self { text, start, end }
    }

    pub(crate) fn as_str(self) -> &'a str {
        // Carets are ASCII, so every cut is between characters and this never falls back.
        self.text.get(self.start..self.end).unwrap_or_default()
    }

    pub(crate) const fn len(self) -> usize {
        self.end.saturating_sub(self.start)
    }

    /// The number of 1 to 18 digits, if the field is nothing else.
    pub(crate) fn whole(self) -> Option<i64> {
        let digits = self.text.as_bytes().get(self.start..)?;
        match (self.len(), digits.first_chunk()) {
            (length @ 1..=8, Some(word)) => short_number(u64::from_le_bytes(*word), length),
            (length @ 1..=18, _) => digits
                .get(..length)?
                .iter()
                .try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0'))),
            _ => None,
        }
    }
}

impl<'a> Fields<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, block: 0, carets: carets(text.as_bytes()), start: 0 }
    }

    /// Where the next field begins; beyond the end after the last one.
    pub(crate) const fn start(&self) -> usize {
        self.start
    }

    /// Leaves out so many fields.
    pub(crate) fn skip(&mut self, fields: usize) {
        if fields > 0 {
            self.start = self.caret(fields) + 1;
        }
    }

    /// The next field.
    pub(crate) fn take(&mut self) -> Field<'a> {
        let (start, end) = (self.start, self.caret(1));
        self.start = end + 1;
        Field::new(self.text, start.min(end), end)
    }

    /// Goes to the n-th caret ahead, counted from 1, and past it; tells where it is. The text's end counts as one.
    #[inline]
    fn caret(&mut self, mut n: usize) -> usize {
        loop {
            let ahead = self.carets.count_ones() as usize;
            if ahead >= n {
                break;
            }
            n -= ahead;
            self.block += BLOCK;
            let Some(rest) = self.text.as_bytes().get(self.block..) else {
                // Any block beyond the end will do.
                (self.block, self.carets) = (self.text.len(), 0);
                return self.text.len();
            };
            self.carets = carets(rest);
        }
        for _ in 1..n {
            self.carets &= self.carets.wrapping_sub(1);
        }
        let at = self.block + self.carets.trailing_zeros() as usize;
        self.carets &= self.carets.wrapping_sub(1);
        at
    }
}

/// A bit for each caret among the first 64 bytes, the first byte's lowest.
fn carets(bytes: &[u8]) -> u64 {
    match bytes.first_chunk::<BLOCK>() {
        Some(block) => carets_of_block(block),
        None => {
            let mut block = [0; BLOCK];
            block[..bytes.len()].copy_from_slice(bytes);
            carets_of_block(&block)
        }
    }
}

fn carets_of_block(block: &[u8; BLOCK]) -> u64 {
    const LOW: u64 = u64::from_le_bytes([0x7f; 8]);
    let (words, _) = block.as_chunks::<8>();
    words.iter().rev().fold(0, |bits, word| {
        let differs = u64::from_le_bytes(*word) ^ CARETS;
        // The high bit of each byte that does not differ at all; no carry crosses from one byte into another.
        let equal = !(((differs & LOW) + LOW) | differs | LOW);
        // Gathers the eight high bits in one byte.
        bits << 8 | equal.wrapping_mul(0x0002_0408_1020_4081) >> 56
    })
}

/// The number that the first 1 to 8 bytes of a little-endian word spell.
fn short_number(word: u64, length: usize) -> Option<i64> {
    let surplus = 8 * (8 - length);
    // What follows the number is pushed out, and zeros are put before it.
    let word = word << surplus | ZEROS & !(u64::MAX << surplus);
    // A digit is 0x30 to 0x39: its upper half is 3, and stays 3 when 6 is added.
    const UPPER: u64 = u64::from_le_bytes([0xf0; 8]);
    const SIXES: u64 = u64::from_le_bytes([0x06; 8]);
    if word & UPPER != ZEROS || (word + SIXES) & UPPER != ZEROS {
        return None;
    }
    // Neighbours are added up, the left one ten times, a hundred times, ten thousand times.
    let pairs = (word - ZEROS).wrapping_mul(1 + (10 << 8)) >> 8 & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(1 + (100 << 16)) >> 16 & 0x0000_ffff_0000_ffff;
    let number = fours.wrapping_mul(1 + (10_000 << 32)) >> 32;
    i64::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_of_up_to_eighteen_digits() {
        for (text, number) in [
            ("0", Some(0)),
            ("7", Some(7)),
            ("00042", Some(42)),
            ("12345678", Some(12_345_678)),
            ("99999999", Some(99_999_999)),
            ("123456789", Some(123_456_789)),
            ("999999999999999999", Some(999_999_999_999_999_999)),
            ("1999999999999999999", None),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("/", None),
            (":", None),
            ("1234567가", None),
        ] {
            for around in ["", "^", "^9^9^9^9^9^9"] {
                let all = format!("{around}{text}{around}");
                let field = Field::new(&all, around.len(), around.len() + text.len());
                assert_eq!(field.whole(), number, "{text:?} in {all:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn fields_are_what_splitting_gives(parts in prop::collection::vec("[^^]{0,30}", 1..40), wanted in 0..40_usize) {
            let text = parts.join("^");
            let mut fields = Fields::new(&text);
            let cut: Vec<_> = parts.iter().map(|_| fields.take().as_str()).collect();
            prop_assert_eq!(&cut, &parts);

            let mut fields = Fields::new(&text);
            fields.skip(wanted);
            let field = fields.take().as_str();
            prop_assert_eq!(field, parts.get(wanted).map_or("", String::as_str));
        }

        #[test]
        fn a_short_number_is_what_the_library_reads(text in "[0-9a-f+-]{1,8}", behind in "[ -~]{8}") {
            let plain = text.bytes().all(|byte| byte.is_ascii_digit());
            let all = format!("{text}{behind}");
            prop_assert_eq!(Field::new(&all, 0, text.len()).whole(), text.parse().ok().filter(|_| plain));
        }
    }
}
