//! What a run may still spend: reserved before each request, so that requests side by side can't overshoot.
//!
//! The vendor's own figure takes the place of the list price, for the request that it is about and for those after it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The rest of a run's budget.
#[derive(Debug)]
pub(crate) struct Purse {
    rest: Mutex<Rest>,
}

#[derive(Debug)]
struct Rest {
    images: u32,
    dollars: Option<f64>,
    /// What an image turned out to cost where that was more than the list says, by whom and what was asked.
    dearer: HashMap<String, f64>,
}

/// What one request has set aside: to be given back, or to be settled.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reserved {
    /// Whom and what it asks.
    whom: String,
    asked: u32,
    /// Images that count against the budget: those that aren't known to be free.
    images: u32,
    dollars: f64,
    /// The list price of an image.
    price: Option<f64>,
}

impl Purse {
    /// A purse for at most so many paid images and so many US dollars.
    pub(crate) fn new(images: u32, dollars: Option<f64>) -> Self {
        Self { rest: Mutex::new(Rest { images, dollars, dearer: HashMap::new() }) }
    }

    fn rest(&self) -> MutexGuard<'_, Rest> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the price of a request aside; the error says which limit it would pass.
    pub(crate) fn reserve(&self, whom: &str, images: u32, price: Option<f64>) -> Result<Reserved, String> {
        let mut rest = self.rest();
        let seen = rest.dearer.get(whom).copied();
        let each = price.map(|price| price.max(seen.unwrap_or(0.0))).or(seen);
        let nothing = Reserved { whom: whom.to_string(), asked: images, images: 0, dollars: 0.0, price };
        if each == Some(0.0) {
            return Ok(nothing);
        }
        if images > rest.images {
            return Err("it would pass max_images, or what this run has consent for".to_string());
        }
        let mut reserved = Reserved { images, ..nothing };
        if let Some(dollars) = rest.dollars {
            let each = each.ok_or("its price isn't known, and what may be spent is limited")?;
            reserved.dollars = each * f64::from(images);
            // A millionth of a dollar is rounding, not spending.
            if reserved.dollars > dollars + 1e-6 {
                return Err("it would pass max_cost_usd, or what this run has consent for".to_string());
            }
            rest.dollars = Some(dollars - reserved.dollars);
        }
        rest.images -= images;
        Ok(reserved)
    }

    /// The vendor's own figure for a request takes the place of what was set aside: what it costs more is gone from the
    /// rest, and the next request to the same is reckoned at that price.
    pub(crate) fn settle(&self, reserved: &Reserved, cost: Option<f64>) {
        let Some(cost) = cost.filter(|cost| cost.is_finite() && *cost >= 0.0) else { return };
        let mut rest = self.rest();
        if let Some(dollars) = rest.dollars {
            rest.dollars = Some(dollars + reserved.dollars - cost);
        }
        let each = cost / f64::from(reserved.asked.max(1));
        if reserved.price.is_none_or(|price| each > price + 1e-6) {
            let seen = rest.dearer.entry(reserved.whom.clone()).or_default();
            *seen = seen.max(each);
        }
    }

    /// Gives back what a request that wasn't billed had set aside.
    pub(crate) fn release(&self, reserved: &Reserved) {
        let mut rest = self.rest();
        rest.images += reserved.images;
        rest.dollars = rest.dollars.map(|dollars| dollars + reserved.dollars);
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{ProptestConfig, any};
    use proptest::{prop_assert, proptest};

    use crate::execute::purse::Purse;

    const WHOM: &str = "aisa seedream";

    #[test]
    fn a_purse_gives_what_it_has_and_no_more() {
        let purse = Purse::new(3, Some(0.10));
        let first = purse.reserve(WHOM, 1, Some(0.04)).expect("there is enough");
        assert!(purse.reserve(WHOM, 2, Some(0.04)).is_err(), "0.12 in all");
        assert!(purse.reserve(WHOM, 1, Some(0.04)).is_ok());
        assert!(purse.reserve(WHOM, 1, None).is_err(), "an unknown price counts as too much");
        purse.release(&first);
        assert!(purse.reserve(WHOM, 1, Some(0.04)).is_ok());
        assert!(purse.reserve(WHOM, 100, Some(0.0)).is_ok(), "what is free isn't counted");
    }

    #[test]
    fn what_the_vendor_says_it_cost_counts() {
        let purse = Purse::new(9, Some(0.10));
        let reserved = purse.reserve(WHOM, 1, Some(0.04)).expect("there is enough");
        purse.settle(&reserved, Some(0.08));
        assert!(purse.reserve(WHOM, 1, Some(0.04)).is_err(), "0.02 are left");
        let free = purse.reserve("another", 1, Some(0.0)).expect("free");
        purse.settle(&free, Some(0.05));
        assert!(purse.reserve("a third", 1, Some(0.01)).is_err(), "nothing is left");
    }

    #[test]
    fn what_was_dearer_than_its_list_price_is_reckoned_so_from_then_on() {
        let purse = Purse::new(9, Some(0.20));
        let reserved = purse.reserve(WHOM, 1, Some(0.04)).expect("there is enough");
        purse.settle(&reserved, Some(0.15));
        assert!(purse.reserve(WHOM, 1, Some(0.04)).is_err(), "0.05 are left, and it costs 0.15");
        assert!(purse.reserve("another", 1, Some(0.04)).is_ok(), "nothing is known against this one");
    }

    #[test]
    fn what_the_list_calls_free_and_the_vendor_does_not_is_counted_from_then_on() {
        let purse = Purse::new(1, None);
        let reserved = purse.reserve(WHOM, 1, Some(0.0)).expect("free");
        purse.settle(&reserved, Some(0.02));
        assert!(purse.reserve(WHOM, 1, Some(0.0)).is_ok() && purse.reserve(WHOM, 1, Some(0.0)).is_err());
    }

    #[test]
    fn a_figure_that_is_none_changes_nothing() {
        let purse = Purse::new(2, Some(0.05));
        let reserved = purse.reserve(WHOM, 1, Some(0.04)).expect("there is enough");
        for figure in [None, Some(-9.0), Some(f64::NAN), Some(f64::INFINITY)] {
            purse.settle(&reserved, figure);
        }
        assert!(purse.reserve(WHOM, 1, Some(0.04)).is_err());
    }

    #[test]
    fn without_a_limit_in_dollars_only_images_count() {
        let purse = Purse::new(1, None);
        assert!(purse.reserve(WHOM, 1, None).is_ok());
        assert!(purse.reserve(WHOM, 1, Some(9.0)).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

        /// Whatever comes after what: a request is let through only if all that is spent and all that is set aside is
        /// within the limit with it, in dollars and in images.
        #[test]
        fn no_order_of_requests_answers_and_failures_passes_the_limit(
            steps in vec((0_u8..4, 1_u32..4, 0_u32..9, 0_u32..20, any::<prop_index::Index>()), 1..80),
        ) {
            let purse = Purse::new(12, Some(0.50));
            let (mut open, mut spent, mut bought) = (Vec::new(), 0.0, 0);
            for (kind, images, cents, cost, which) in steps {
                if kind < 2 || open.is_empty() {
                    let price = f64::from(cents) / 100.0;
                    let Ok(reserved) = purse.reserve(["a", "b"][kind as usize % 2], images, Some(price)) else { continue };
                    open.push((reserved, price));
                    let aside: f64 = open.iter().map(|(reserved, price)| price * f64::from(reserved.asked)).sum();
                    let counted: u32 = open.iter().map(|(reserved, _)| reserved.images).sum();
                    prop_assert!(cents == 0 || spent + aside <= 0.50 + 1e-5, "{spent} spent, {aside} set aside");
                    prop_assert!(bought + counted <= 12);
                    continue;
                }
                let (reserved, _) = open.swap_remove(which.index(open.len()));
                if kind == 2 {
                    purse.release(&reserved);
                } else {
                    let cost = f64::from(cost) / 100.0;
                    purse.settle(&reserved, Some(cost));
                    spent += cost;
                    bought += reserved.images;
                }
            }
        }
    }

    use proptest::sample as prop_index;
}
