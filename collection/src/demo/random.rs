//! Random numbers that are the same everywhere: splitmix64, and integers only. Floating-point
//! functions differ in their last digit between platforms.

/// A generator of numbers.
#[derive(Debug, Clone)]
pub(super) struct Random {
    state: u64,
}

impl Random {
    /// The generator of a table, independent of all others.
    pub(super) fn of(name: &str) -> Self {
        // FNV-1a: any hash will do, so long as it never changes.
        let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Self { state: name.bytes().fold(0xcbf2_9ce4_8422_2325, hash) }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `below - 1`, each as likely as the other.
    pub(super) fn below(&mut self, below: i64) -> i64 {
        scaled(self.next(), below.unsigned_abs()).cast_signed()
    }

    /// A number from 0 to `below - 1`, small ones far more often: the first percent of the numbers
    /// comes up in ten percent of the cases, as with customers and their orders.
    pub(super) fn skewed(&mut self, below: i64) -> i64 {
        let uniform = self.next();
        scaled(scaled(uniform, uniform), below.unsigned_abs()).cast_signed()
    }

    /// True in `percent` of a hundred cases.
    pub(super) fn chance(&mut self, percent: i64) -> bool {
        self.below(100) < percent
    }

    /// One of the values.
    pub(super) fn pick<'a>(&mut self, values: &[&'a str]) -> &'a str {
        values[self.below(values.len() as i64) as usize]
    }

    /// One of the values, the first ones far more often.
    pub(super) fn pick_skewed<'a>(&mut self, values: &[&'a str]) -> &'a str {
        values[self.skewed(values.len() as i64) as usize]
    }
}

/// `fraction` (of 2⁶⁴) of `whole`.
fn scaled(fraction: u64, whole: u64) -> u64 {
    ((u128::from(fraction) * u128::from(whole)) >> 64) as u64
}
