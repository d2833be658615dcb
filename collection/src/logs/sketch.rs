//! A mergeable sketch of durations: counts in buckets that are at most 1.6 % wide.
//!
//! A bucket is the exponent and the six highest bits of the mantissa of the duration in nanoseconds
//! (the HDR histogram's idea, without its limits): finding it is a shift, and the middle of a
//! bucket is within 0.8 % of anything in it. Sketches of parts add up to the sketch of the whole,
//! bucket by bucket, so that neither threads nor the order of files change a percentile.

/// Bits of the mantissa that a bucket keeps: its width is 2⁻⁶ of its lower end.
const KEPT_BITS: u32 = 6;

/// Counts of the buckets in use.
#[derive(Debug, Clone, Default)]
pub struct Sketch {
    /// Single calls that are not in the table yet, the first `waiting` of them. A log jumps from one
    /// statement to the next, and its table is seldom in the processor's cache: so they go there
    /// together.
    new: [u16; MOST_NEW],
    waiting: u16,
    /// A table with open addresses, a power of two long: finding a bucket takes one look, where a
    /// search in a sorted list takes one after the other.
    slots: Vec<Slot>,
    used: usize,
    count: u64,
}

/// Calls that wait at most.
const MOST_NEW: usize = 15;

/// A bucket and its count; 0 is free.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    bucket: u16,
    count: u32,
}

/// The bucket of a duration.
fn bucket(nanos: u64) -> u16 {
    // 1 is the smallest: a log's resolution is no better, and 0 has no exponent.
    let nanos = nanos.max(1);
    let exponent = nanos.ilog2();
    let mantissa = if exponent >= KEPT_BITS {
        nanos >> (exponent - KEPT_BITS)
    } else {
        nanos << (KEPT_BITS - exponent)
    };
    // At most 63 and 63: twelve bits.
    ((exponent << KEPT_BITS) + (mantissa as u32 & ((1 << KEPT_BITS) - 1))) as u16
}

/// The middle of a bucket in nanoseconds.
fn middle(bucket: u16) -> f64 {
    let bucket = u32::from(bucket);
    let exponent = bucket >> KEPT_BITS;
    let mantissa = f64::from((bucket & ((1 << KEPT_BITS) - 1)) + (1 << KEPT_BITS));
    let unit = 2f64.powi(exponent as i32 - KEPT_BITS as i32);
    // Below 2⁶ ns a bucket is one whole number of nanoseconds.
    if exponent < KEPT_BITS { mantissa * unit } else { (mantissa + 0.5) * unit }
}

impl Sketch {
    /// Adds a duration that stands for `weight` calls.
    #[inline]
    pub fn add(&mut self, nanos: u64, weight: u32) {
        self.count += u64::from(weight);
        if weight != 1 {
            return self.count_bucket(bucket(nanos), weight);
        }
        if usize::from(self.waiting) == MOST_NEW {
            self.put_new();
        }
        if let Some(place) = self.new.get_mut(usize::from(self.waiting)) {
            *place = bucket(nanos);
            self.waiting += 1;
        }
    }

    /// Puts what waits into the table.
    #[inline(never)]
    fn put_new(&mut self) {
        for bucket in self.new {
            self.count_bucket(bucket, 1);
        }
        self.waiting = 0;
    }

    /// What waits, and what is in the table.
    fn all(&self) -> impl Iterator<Item = Slot> {
        let new = self.new.iter().take(usize::from(self.waiting));
        let new = new.map(|bucket| Slot { bucket: *bucket, count: 1 });
        self.slots.iter().copied().filter(|slot| slot.count > 0).chain(new)
    }

    /// Bytes that it takes beside itself.
    #[inline]
    pub fn heap_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
    }

    /// Adds everything that `other` has seen.
    pub fn merge(&mut self, other: &Self) {
        for slot in other.all() {
            self.count_bucket(slot.bucket, slot.count);
        }
        self.count += other.count;
    }

    /// The duration in nanoseconds that a `share` (0 to 1) of the calls did not exceed, within
    /// 0.8 %; `None` when nothing was added.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let rank = (share * self.count as f64).ceil().max(1.0) as u64;
        let mut all: Vec<Slot> = self.all().collect();
        all.sort_unstable_by_key(|slot| slot.bucket);
        let mut seen = 0;
        all.iter().find_map(|slot| {
            seen += u64::from(slot.count);
            (seen >= rank).then(|| middle(slot.bucket))
        })
    }

    fn count_bucket(&mut self, bucket: u16, count: u32) {
        // At most three in four are used, so that a free one is near.
        if self.used * 4 >= self.slots.len() * 3 {
            self.grow();
        }
        let slot = slot_of(&mut self.slots, bucket);
        if let Some(slot) = slot {
            self.used += usize::from(slot.count == 0);
            *slot = Slot { bucket, count: slot.count.saturating_add(count) };
        }
    }

    fn grow(&mut self) {
        let more = (self.slots.len() * 2).max(8);
        let old = std::mem::replace(&mut self.slots, vec![Slot::default(); more]);
        for known in old.into_iter().filter(|slot| slot.count > 0) {
            if let Some(slot) = slot_of(&mut self.slots, known.bucket) {
                *slot = known;
            }
        }
    }
}

/// The slot of a bucket, or the free one that it may take; there is always one.
#[inline]
fn slot_of(slots: &mut [Slot], bucket: u16) -> Option<&mut Slot> {
    let mask = slots.len() - 1;
    let mut place = usize::from(bucket.wrapping_mul(0x9e37) >> 3) & mask;
    while slots.get(place).is_some_and(|slot| slot.count > 0 && slot.bucket != bucket) {
        place = (place + 1) & mask;
    }
    slots.get_mut(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_one_percent() {
        let mut sketch = Sketch::default();
        let mut values: Vec<u64> = (1..=20_000u64).map(|i| i * i * 37 + 5).collect();
        values.iter().for_each(|value| sketch.add(*value, 1));
        values.sort_unstable();
        for share in [0.01, 0.5, 0.95, 0.99, 1.0] {
            let exact = values[((share * values.len() as f64).ceil() as usize).max(1) - 1] as f64;
            let found = sketch.quantile(share).unwrap();
            assert!((found - exact).abs() <= exact * 0.01, "{share}: {found} for {exact}");
        }
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        let (mut whole, mut left, mut right) =
            (Sketch::default(), Sketch::default(), Sketch::default());
        for i in 0..1000u64 {
            let value = (i * 7919) % 100_003 + 1;
            whole.add(value, 2);
            if i % 3 == 0 { &mut left } else { &mut right }.add(value, 2);
        }
        left.merge(&right);
        assert_eq!(left.quantile(0.5), whole.quantile(0.5));
        assert_eq!(left.count, whole.count);
    }

    #[test]
    fn the_ends_of_the_range_are_fine() {
        let mut sketch = Sketch::default();
        assert_eq!(sketch.quantile(0.5), None);
        sketch.add(0, 1);
        assert_eq!(sketch.quantile(0.5), Some(1.0));
        sketch.add(u64::MAX, 1);
        assert!(sketch.quantile(1.0).unwrap() > 1.8e19);
    }
}
