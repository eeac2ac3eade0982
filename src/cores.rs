//! One kind of work on many things, by all cores.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Things that a thread takes at a time: so few that no thread ends long before the others.
const PORTION: usize = 16;

/// What `work` makes of each item, in the items' order. A panic in one of them is one here.
pub(crate) fn each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(items.len().div_ceil(PORTION));
    if threads <= 1 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let portions = || {
        let mut done = Vec::new();
        loop {
            let start = next.fetch_add(PORTION, Ordering::Relaxed);
            let portion = items.iter().skip(start).take(PORTION);
            if portion.len() == 0 {
                return done;
            }
            done.push((start, portion.map(&work).collect::<Vec<R>>()));
        }
    };
    let mut done: Vec<(usize, Vec<R>)> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(portions)).collect();
        let mut done = portions();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    });
    done.sort_by_key(|(start, _)| *start);
    done.into_iter().flat_map(|(_, results)| results).collect()
}

#[cfg(test)]
mod tests {
    use crate::cores::each;

    #[test]
    fn every_item_is_worked_on_once_and_results_keep_their_order() {
        for count in [0, 1, 15, 16, 17, 1_000] {
            let items: Vec<usize> = (0..count).collect();
            assert_eq!(each(&items, |item| item * 2), items.iter().map(|item| item * 2).collect::<Vec<_>>());
        }
    }

    #[test]
    #[should_panic(expected = "seven hundred")]
    fn a_panic_is_passed_on() {
        let items: Vec<usize> = (0..1_000).collect();
        each(&items, |item| assert_ne!(*item, 700, "seven hundred"));
    }
}
