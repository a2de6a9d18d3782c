//! Where the next page begins, in a form that tells clients nothing to rely on.

use crate::problem::Problem;

/// The key of a page's last row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor(Vec<String>);

/// What parts the parts; no key has it.
const SEPARATOR: char = '\u{1f}';

impl Cursor {
    /// A key of some parts.
    pub(crate) fn new(parts: impl IntoIterator<Item = impl ToString>) -> Self {
        Self(parts.into_iter().map(|part| part.to_string()).collect())
    }

    /// As it is written, for the list `of` which it is.
    pub(crate) fn write(&self, of: &str) -> String {
        let text = format!("{of}{SEPARATOR}{}", self.0.join(&SEPARATOR.to_string()));
        text.bytes().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads a cursor of this list, and what its parts say.
    pub(crate) fn read<T>(
        of: &str,
        text: Option<&str>,
        key: impl FnOnce(&[&str]) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = text else { return Ok(None) };
        let read = bytes(text).and_then(|bytes| {
            let text = String::from_utf8(bytes).ok()?;
            let parts: Vec<&str> = text.strip_prefix(of)?.strip_prefix(SEPARATOR)?.split(SEPARATOR).collect();
            key(&parts)
        });
        let must = "it is none of this list: take `next` of the page before as it is, or begin without a cursor";
        read.map(Some).ok_or_else(|| Problem::parameter("cursor", text, must))
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went_and_belongs_to_one_list() {
        let written = Cursor::new(["1769040000", "17"]).write("ticks");
        let parts = |parts: &[&str]| Some(parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>());
        assert_eq!(
            Cursor::read("ticks", Some(&written), parts).unwrap(),
            Some(vec!["1769040000".to_owned(), "17".to_owned()])
        );
        assert!(Cursor::read("bars", Some(&written), parts).is_err());
        for nonsense in ["", "0", "zz", "é", "+1"] {
            assert!(Cursor::read("ticks", Some(nonsense), parts).is_err(), "{nonsense}");
        }
        assert_eq!(Cursor::read("ticks", None, parts).unwrap(), None);
    }
}
