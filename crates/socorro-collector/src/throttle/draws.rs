//! Where samples come from.

use sha2::{Digest, Sha256};

use super::Draws;

/// Samples at random: the default.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomDraws;

impl Draws for RandomDraws {
    fn draw(&mut self) -> f64 {
        fastrand::f64()
    }
}

/// Samples that depend on a minidump only: a client that sends the same crash again gets the same
/// verdict again.
#[derive(Debug, Clone)]
pub struct HashDraws {
    minidump: Sha256,
    drawn: u32,
}

impl HashDraws {
    /// Draws for the minidump with this SHA-256, in hexadecimal.
    #[must_use]
    pub fn new(sha256: &str) -> Self {
        Self {
            minidump: Sha256::new().chain_update(sha256),
            drawn: 0,
        }
    }
}

impl Draws for HashDraws {
    fn draw(&mut self) -> f64 {
        // Each draw has a hash of its own; otherwise what passes one sample would pass all.
        let hash = self.minidump.clone().chain_update(self.drawn.to_be_bytes());
        self.drawn = self.drawn.wrapping_add(1);
        let number = hash.finalize()[..4]
            .iter()
            .fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        f64::from(number) / (f64::from(u32::MAX) + 1.0)
    }
}

/// Samples from a list, for tests. After its end the last one comes again.
#[derive(Debug, Clone, Default)]
pub struct FixedDraws {
    draws: Vec<f64>,
    used: usize,
}

impl FixedDraws {
    /// Draws these numbers, each from 0 up to, but not including, 1; 0 if there are none.
    #[must_use]
    pub fn new(draws: Vec<f64>) -> Self {
        Self { draws, used: 0 }
    }

    /// How many were drawn.
    #[must_use]
    pub fn used(&self) -> usize {
        self.used
    }
}

impl Draws for FixedDraws {
    fn draw(&mut self) -> f64 {
        let draw = self.draws.get(self.used).or(self.draws.last());
        self.used += 1;
        draw.copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minidump_always_draws_the_same_and_each_draw_differs() {
        let draw = |sha256: &str| {
            let mut draws = HashDraws::new(sha256);
            [draws.draw(), draws.draw(), draws.draw()]
        };
        let first = draw("6ce4");
        assert_eq!(first, draw("6ce4"));
        assert_ne!(first, draw("6ce5"));
        assert!(first[0] != first[1] && first[1] != first[2]);
    }

    #[test]
    fn hashes_are_spread_evenly() {
        let below = (0..10_000)
            .filter(|number| HashDraws::new(&number.to_string()).draw() < 0.1)
            .count();
        assert!((900..1100).contains(&below), "{below}");
    }

    #[test]
    fn a_list_ends_with_its_last_number() {
        let mut draws = FixedDraws::new(vec![0.5, 0.25]);
        assert_eq!(
            [draws.draw(), draws.draw(), draws.draw()],
            [0.5, 0.25, 0.25]
        );
        assert_eq!(draws.used(), 3);
        assert!(FixedDraws::default().draw() < f64::EPSILON);
    }
}
