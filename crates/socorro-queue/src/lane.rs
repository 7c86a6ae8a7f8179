//! The three lanes of a queue, and which of them is served next.

use std::{fmt, str::FromStr};

use crate::error::{Error, shorten};

/// Which part of a queue a message is in.
///
/// Priority messages are always delivered first. Standard and reprocessing share what is left:
/// five standard messages to one of reprocessing while both wait, and either alone takes it all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// What a collector accepted.
    Standard,
    /// Somebody waits for the result.
    Priority,
    /// Crashes to be processed again.
    Reprocessing,
}

impl Lane {
    /// All lanes, in the order of the enum.
    pub const ALL: [Self; 3] = [Self::Standard, Self::Priority, Self::Reprocessing];

    /// The place of this lane in [`Lane::ALL`].
    pub(crate) fn index(self) -> usize {
        self as usize
    }

    /// `standard`, `priority` or `reprocessing`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Priority => "priority",
            Self::Reprocessing => "reprocessing",
        }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Lane {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|lane| lane.as_str() == text)
            .ok_or_else(|| Error::UnknownLane {
                name: shorten(text),
            })
    }
}

/// How many standard messages go before one of reprocessing, while both lanes have some.
const STANDARD_PER_REPROCESSING: u32 = 5;

/// Decides which lane is served next.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rotation {
    /// Standard messages served since the last one of reprocessing.
    standard_served: u32,
}

impl Rotation {
    /// The lane to serve next, among those for which `has_some` says yes.
    pub(crate) fn next(&mut self, has_some: impl Fn(Lane) -> bool) -> Option<Lane> {
        if has_some(Lane::Priority) {
            return Some(Lane::Priority);
        }
        let lane = match (has_some(Lane::Standard), has_some(Lane::Reprocessing)) {
            (false, false) => return None,
            (true, false) => Lane::Standard,
            (true, true) if self.standard_served < STANDARD_PER_REPROCESSING => Lane::Standard,
            (_, true) => Lane::Reprocessing,
        };
        if lane == Lane::Standard {
            self.standard_served = self.standard_served.saturating_add(1);
        } else {
            self.standard_served = 0;
        }
        Some(lane)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lanes served while all of `lanes` always have a message.
    fn served(lanes: &[Lane], count: usize) -> Vec<Lane> {
        let mut rotation = Rotation::default();
        (0..count)
            .map_while(|_| rotation.next(|lane| lanes.contains(&lane)))
            .collect()
    }

    #[test]
    fn reprocessing_gets_every_sixth_turn() {
        let served = served(&[Lane::Standard, Lane::Reprocessing], 60);
        let turns: Vec<usize> = (0..60)
            .filter(|turn| served[*turn] == Lane::Reprocessing)
            .collect();
        assert_eq!(turns, (0..10).map(|n| 6 * n + 5).collect::<Vec<_>>());
    }

    #[test]
    fn a_lane_alone_takes_everything() {
        for lane in Lane::ALL {
            assert_eq!(served(&[lane], 7), [lane; 7]);
        }
        assert_eq!(served(&[], 7), []);
    }

    #[test]
    fn priority_always_goes_first_and_costs_the_others_no_turn() {
        let mut rotation = Rotation::default();
        for _ in 0..5 {
            assert_eq!(
                rotation.next(|lane| lane != Lane::Priority),
                Some(Lane::Standard)
            );
        }
        assert_eq!(rotation.next(|_| true), Some(Lane::Priority));
        assert_eq!(
            rotation.next(|lane| lane != Lane::Priority),
            Some(Lane::Reprocessing)
        );
    }

    #[test]
    fn names_are_read_back() {
        for (index, lane) in Lane::ALL.into_iter().enumerate() {
            assert_eq!(lane.as_str().parse::<Lane>().unwrap(), lane);
            assert_eq!(lane.index(), index);
        }
        let error = "fast".parse::<Lane>().unwrap_err().to_string();
        assert!(
            error.contains("fast") && error.contains("reprocessing"),
            "{error}"
        );
    }
}
