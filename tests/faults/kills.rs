//! Killed at a random time, over and over: one project, one ledger.

use std::time::Duration;

use crate::checker::Case;
use crate::studio::{many, studio};
use crate::vendor::Vendor;

/// Assets of the project.
const ASSETS: usize = 20;

/// Numbers from a seed, the same on each machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// One project after the other, each killed at random times until a sync comes to its end.
#[track_caller]
fn kill_at_random(kills: usize, vendor: fn() -> Vendor) {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let (mut killed, mut projects, mut in_doubt) = (0, 0, 0);
    while killed < kills {
        projects += 1;
        let vendor = vendor();
        let sandbox = studio(&vendor, "concurrency = 4", &many(ASSETS));
        for _ in 0..10 {
            let running = sandbox.spawn("sync");
            std::thread::sleep(Duration::from_millis(dice.below(250)));
            if running.kill().status().code().is_some() {
                break; // it was done before
            }
            killed += 1;
        }
        std::thread::sleep(Duration::from_millis(150)); // for the vendor to bill what came last
        let case = Case::new(&sandbox, &vendor, format!("project {projects}")).recover();
        in_doubt += case.in_doubt;
        assert_eq!(sandbox.lockfile().matches("[[asset.takes]]").count(), ASSETS);
    }
    eprintln!("{killed} kills survived in {projects} projects of {ASSETS} assets; {in_doubt} requests were in doubt");
}

fn at_once() -> Vendor {
    Vendor::openai().latency(Duration::from_millis(50))
}

fn by_address() -> Vendor {
    at_once().with_urls()
}

#[test]
fn fifty_kills_at_random_times_are_survived() {
    kill_at_random(30, at_once);
    kill_at_random(20, by_address);
}

#[test]
#[ignore = "slow: minutes"]
fn five_hundred_kills_at_random_times_are_survived() {
    kill_at_random(300, at_once);
    kill_at_random(200, by_address);
}
