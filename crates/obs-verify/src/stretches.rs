//! Sets of instants, as stretches in order and apart from each other.

use chrono::TimeDelta;
use obs_aggregate::Stretch;

/// The union of stretches that may lie in any order.
pub(crate) fn union(mut stretches: Vec<Stretch>) -> Vec<Stretch> {
    stretches.retain(|(from, until)| from < until);
    stretches.sort_unstable();
    stretches.dedup_by(|next, last| {
        let touch = next.0 <= last.1;
        if touch {
            last.1 = last.1.max(next.1);
        }
        touch
    });
    stretches
}

/// What lies in both.
pub(crate) fn intersection(one: &[Stretch], other: &[Stretch]) -> Vec<Stretch> {
    let (mut found, mut rest) = (Vec::new(), other);
    for (from, until) in one {
        // What ends before this one begins lies before all later ones as well.
        rest = &rest[rest.partition_point(|(_, end)| end <= from)..];
        let touching = rest.iter().take_while(|(start, _)| start < until);
        found.extend(touching.map(|(start, end)| (*start.max(from), *end.min(until))));
    }
    found
}

/// What lies in the one and not in the other.
pub(crate) fn difference(one: &[Stretch], other: &[Stretch]) -> Vec<Stretch> {
    let mut found = Vec::new();
    let mut rest = other;
    for (from, until) in one {
        rest = &rest[rest.partition_point(|(_, end)| end <= from)..];
        let mut start = *from;
        for (hole_from, hole_until) in rest.iter().take_while(|(hole, _)| hole < until) {
            if start < *hole_from {
                found.push((start, *hole_from));
            }
            start = start.max(*hole_until);
        }
        if start < *until {
            found.push((start, *until));
        }
    }
    found
}

/// How long they are together.
pub(crate) fn length(stretches: &[Stretch]) -> TimeDelta {
    stretches.iter().fold(TimeDelta::zero(), |sum, (from, until)| sum + (*until - *from))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn stretch(from: i64, until: i64) -> Stretch {
        (DateTime::from_timestamp(from, 0).unwrap(), DateTime::from_timestamp(until, 0).unwrap())
    }

    #[test]
    fn a_union_joins_what_touches_and_drops_what_is_empty() {
        let found = union(vec![stretch(5, 7), stretch(1, 3), stretch(3, 4), stretch(9, 9)]);
        assert_eq!(found, [stretch(1, 4), stretch(5, 7)]);
    }

    #[test]
    fn intersection_and_difference_are_the_two_parts_of_a_set() {
        let (one, other) = ([stretch(0, 10), stretch(20, 30)], [stretch(2, 4), stretch(8, 22), stretch(29, 40)]);
        let (common, rest) = (intersection(&one, &other), difference(&one, &other));
        assert_eq!(common, [stretch(2, 4), stretch(8, 10), stretch(20, 22), stretch(29, 30)]);
        assert_eq!(rest, [stretch(0, 2), stretch(4, 8), stretch(22, 29)]);
        assert_eq!(length(&common) + length(&rest), length(&one));
    }
}
