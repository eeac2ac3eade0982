//! What a run may still spend: reserved before each request, so that requests side by side can't overshoot.

use std::sync::{Mutex, PoisonError};

/// The rest of a run's budget.
#[derive(Debug)]
pub(crate) struct Purse {
    rest: Mutex<Rest>,
}

#[derive(Debug)]
struct Rest {
    images: u32,
    dollars: Option<f64>,
}

impl Purse {
    /// A purse for at most so many paid images and so many US dollars.
    pub(crate) fn new(images: u32, dollars: Option<f64>) -> Self {
        Self { rest: Mutex::new(Rest { images, dollars }) }
    }

    /// Sets the price of a request aside; the error says which limit it would pass.
    pub(crate) fn reserve(&self, images: u32, price: Option<f64>) -> Result<(), String> {
        if price == Some(0.0) {
            return Ok(());
        }
        let mut rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        if images > rest.images {
            return Err("it would pass max_images, or what this run has consent for".to_string());
        }
        if let Some(dollars) = rest.dollars {
            let price = price.ok_or("its price isn't known, and what may be spent is limited")? * f64::from(images);
            // A millionth of a dollar is rounding, not spending.
            if price > dollars + 1e-6 {
                return Err("it would pass max_cost_usd, or what this run has consent for".to_string());
            }
            rest.dollars = Some(dollars - price);
        }
        rest.images -= images;
        Ok(())
    }

    /// The vendor's own figure for a request takes the place of the price that was set aside: what it costs more is gone
    /// from the rest, so that the next request may be refused.
    pub(crate) fn settle(&self, images: u32, price: Option<f64>, cost: Option<f64>) {
        let mut rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(dollars), Some(price), Some(cost)) = (rest.dollars, price, cost) {
            rest.dollars = Some(dollars + price * f64::from(images) - cost);
        }
    }

    /// Gives back what a request that wasn't billed had set aside.
    pub(crate) fn release(&self, images: u32, price: Option<f64>) {
        if price == Some(0.0) {
            return;
        }
        let mut rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        rest.images += images;
        if let (Some(dollars), Some(price)) = (rest.dollars, price) {
            rest.dollars = Some(dollars + price * f64::from(images));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::execute::purse::Purse;

    #[test]
    fn a_purse_gives_what_it_has_and_no_more() {
        let purse = Purse::new(3, Some(0.10));
        assert!(purse.reserve(1, Some(0.04)).is_ok());
        assert!(purse.reserve(2, Some(0.04)).is_err(), "0.12 in all");
        assert!(purse.reserve(1, Some(0.04)).is_ok());
        assert!(purse.reserve(1, None).is_err(), "an unknown price counts as too much");
        purse.release(1, Some(0.04));
        assert!(purse.reserve(1, Some(0.04)).is_ok());
        assert!(purse.reserve(100, Some(0.0)).is_ok(), "what is free isn't counted");
    }

    #[test]
    fn what_the_vendor_says_it_cost_counts() {
        let purse = Purse::new(9, Some(0.10));
        assert!(purse.reserve(1, Some(0.04)).is_ok());
        purse.settle(1, Some(0.04), Some(0.08));
        assert!(purse.reserve(1, Some(0.04)).is_err(), "0.02 are left");
        purse.settle(1, Some(0.0), Some(0.05));
        assert!(purse.reserve(1, Some(0.01)).is_err(), "nothing is left");
    }

    #[test]
    fn without_a_limit_in_dollars_only_images_count() {
        let purse = Purse::new(1, None);
        assert!(purse.reserve(1, None).is_ok());
        assert!(purse.reserve(1, Some(9.0)).is_err());
    }
}
