//! Welch's test: whether two means differ by more than chance, from counts, means and deviations.
//!
//! Many calls make the means normal, whatever single calls are; for few the test uses Student's
//! distribution with Welch and Satterthwaite's degrees of freedom, so that the confidence it states
//! holds for five calls as for five thousand.

/// Times of one side: how many, their mean and their standard deviation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub count: f64,
    pub mean: f64,
    /// Of the population, as servers and logs give it.
    pub deviation: f64,
}

impl Sample {
    /// The variance of the mean, from that of the population.
    fn error(&self) -> f64 {
        self.deviation * self.deviation / (self.count - 1.0).max(1.0)
    }
}

/// How sure it is that the two means differ, 0 to 1 (1 − the two-sided p value).
pub(super) fn confidence(samples: [Sample; 2]) -> f64 {
    let [before, after] = samples.map(|sample| sample.error());
    let apart = (samples[1].mean - samples[0].mean).abs();
    let both = before + after;
    if both <= 0.0 || !both.is_finite() {
        return if apart > 0.0 && both == 0.0 { 1.0 } else { 0.0 };
    }
    let square = |error: f64, sample: &Sample| error * error / (sample.count - 1.0).max(1.0);
    let freedom = both * both / (square(before, &samples[0]) + square(after, &samples[1]));
    1.0 - two_sided(apart / both.sqrt(), freedom)
}

/// The probability of a value of Student's distribution at least `t` (≥ 0) away from 0.
fn two_sided(t: f64, freedom: f64) -> f64 {
    incomplete_beta(freedom / 2.0, 0.5, freedom / (freedom + t * t)).clamp(0.0, 1.0)
}

/// The regularized incomplete beta function Iₓ(a, b), by its continued fraction (DLMF 8.17.22).
fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    // The fraction converges fast only below the mean; above, the other tail is asked for.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_tail(b, a, 1.0 - x);
    }
    incomplete_tail(a, b, x)
}

fn incomplete_tail(a: f64, b: f64, x: f64) -> f64 {
    const STEPS: u32 = 500;
    const TINY: f64 = 1e-300;
    let front = ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (1.0 - x).ln();
    let away = |value: f64| if value.abs() < TINY { TINY } else { value };
    // Lentz' method, in the order of the terms.
    let mut c = 1.0;
    let mut d = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for step in 1..=STEPS {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away(1.0 + even * d);
        c = away(1.0 + even / c);
        fraction *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away(1.0 + odd * d);
        c = away(1.0 + odd / c);
        fraction *= d * c;
        if (d * c - 1.0).abs() < 1e-12 {
            break;
        }
    }
    front.exp() * fraction / a
}

/// The logarithm of the gamma function for positive values: Stirling's series (DLMF 5.11.1), which
/// is good to ten digits from 8 on; smaller values are raised by Γ(x + 1) = x Γ(x).
fn ln_gamma(value: f64) -> f64 {
    let (mut x, mut product) = (value, 1.0);
    while x < 8.0 {
        product *= x;
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let series =
        (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square / 1680.0))) / x;
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series - product.ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn probabilities_are_those_of_the_tables() {
        // Student's t: two-sided 5 % points.
        for (freedom, t) in [(1.0, 12.706), (4.0, 2.776), (10.0, 2.228), (30.0, 2.042)] {
            assert!((two_sided(t, freedom) - 0.05).abs() < 5e-5, "{freedom}");
        }
        assert!((two_sided(1.959_964, 1e7) - 0.05).abs() < 1e-6);
        assert_eq!(two_sided(0.0, 7.0), 1.0);
        assert!(two_sided(60.0, 1e4) < 1e-100);
    }

    #[test]
    fn few_calls_need_more() {
        let pair = |count, after| {
            let sample = |mean| Sample { count, mean, deviation: 2.0 };
            confidence([sample(10.0), sample(after)])
        };
        // 1.5 deviations apart: nothing of five calls, certain of fifty.
        assert!(pair(5.0, 12.5) < 0.90 && pair(50.0, 12.5) > 0.999);
        assert_eq!(
            (pair(5.0, 10.0), confidence([Sample { count: 5.0, mean: 1.0, deviation: 0.0 }; 2])),
            (0.0, 0.0)
        );
    }

    proptest! {
        #[test]
        fn sides_mirror(a in sample(), b in sample()) {
            let (there, back) = (confidence([a, b]), confidence([b, a]));
            prop_assert!((0.0..=1.0).contains(&there), "{there}");
            prop_assert!((there - back).abs() < 1e-9);
        }
    }

    fn sample() -> impl Strategy<Value = Sample> {
        (1.0..1e7_f64, 0.0..1e6_f64, 0.0..1e6_f64).prop_map(|(count, mean, deviation)| Sample {
            count: count.floor(),
            mean,
            deviation,
        })
    }
}
