//! No bytes break the decoder.

use chrono_tz::Tz;
use obs_schema::{Decoded, Decoder};
use proptest::{collection, prelude::*, sample::Index};

use crate::lines::shapes;

/// A byte changed, dropped, put in, or everything behind it cut off.
#[derive(Clone, Debug)]
enum Damage {
    Change(Index, u8),
    Drop(Index),
    Insert(Index, Vec<u8>),
    Cut(Index),
}

fn any_damage() -> impl Strategy<Value = Damage> {
    let tokens =
        ["null", "true", "-", "\"", "{", "}", "[", ",", ":", "\\", "\\ud800", "1e9", "0.00001", "NaN", "\u{feff}", "가"];
    let token = proptest::sample::select(tokens.map(|token| token.as_bytes().to_vec()).to_vec());
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(place, byte)| Damage::Change(place, byte)),
        any::<Index>().prop_map(Damage::Drop),
        (any::<Index>(), prop_oneof![token, collection::vec(any::<u8>(), 1..4)])
            .prop_map(|(place, bytes)| Damage::Insert(place, bytes)),
        any::<Index>().prop_map(Damage::Cut),
    ]
}

impl Damage {
    fn apply(self, line: &mut Vec<u8>) {
        if line.is_empty() {
            return;
        }
        match self {
            Self::Change(place, byte) => {
                let place = place.index(line.len());
                line[place] = byte;
            }
            Self::Drop(place) => {
                line.remove(place.index(line.len()));
            }
            Self::Insert(place, bytes) => {
                let place = place.index(line.len());
                line.splice(place..place, bytes);
            }
            Self::Cut(place) => line.truncate(place.index(line.len())),
        }
    }
}

/// Decodes with and without a zone. A reject's words stay short, and do not change from run to run.
fn takes(line: &[u8]) -> Result<(), TestCaseError> {
    let mut fresh = Decoder::default();
    let decoded = fresh.decode(line);
    if let Decoded::Reject(rejection) = &decoded {
        prop_assert!(rejection.detail.len() < 1_000, "{}", rejection.detail);
    }
    prop_assert_eq!(fresh.decode(line), decoded, "the decoder remembers nothing that matters");
    let _ = Decoder::assuming(Tz::America__New_York).decode(line);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn arbitrary_bytes_are_taken(line in collection::vec(any::<u8>(), 0..300)) {
        takes(&line)?;
    }

    #[test]
    fn damaged_lines_are_taken(shape in any::<Index>(), damages in collection::vec(any_damage(), 1..6)) {
        let shapes = shapes();
        let mut line = shape.get(&shapes).line.to_string().into_bytes();
        for damage in damages {
            damage.apply(&mut line);
        }
        takes(&line)?;
    }

    #[test]
    fn a_value_exchanged_for_any_other_is_taken(
        shape in any::<Index>(),
        member in any::<Index>(),
        value in prop_oneof![
            "[-0-9.eE+]{1,20}", "\"\\PC{0,20}\"", Just("null".to_owned()), Just("{}".to_owned()), Just("[]".to_owned()),
            "\"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{0,12})?(Z|[-+][0-9]{2}:?[0-9]{2})?\"",
        ],
    ) {
        let shapes = shapes();
        let members = shape.get(&shapes).line.as_object().unwrap();
        let exchanged = member.index(members.len());
        let members = members.iter().enumerate().map(|(place, (name, old))| {
            if place == exchanged { format!("{name:?}:{value}") } else { format!("{name:?}:{old}") }
        });
        takes(format!("{{{}}}", members.collect::<Vec<_>>().join(",")).as_bytes())?;
    }
}

#[test]
fn a_mebibyte_of_brackets_is_refused_without_a_deep_stack() {
    for bracket in ["[", "{\"a\":", "{\"price\":["] {
        let line = bracket.repeat(obs_schema::MAX_LINE / bracket.len());
        assert!(matches!(Decoder::default().decode(line.as_bytes()), Decoded::Reject(_)));
    }
}
