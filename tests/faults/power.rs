//! The power fails: what wasn't synced is gone. The disk is an ext4 image on a loop device; what the device has been given
//! when the run dies is copied, mounted in place of the image, and has to do.

#![cfg(target_os = "linux")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::checker::Case;
use crate::disks::{Mount, as_root};
use crate::points::{may_be_in_doubt, points_of};
use crate::sandbox::Sandbox;
use crate::studio::{assets, studio};
use crate::vendor::Vendor;

/// Project and cache of a sandbox on a disk of their own.
struct Disk {
    image: PathBuf,
    // Unmounted in this order, and before the folder goes.
    mounts: Vec<Mount>,
    folder: TempDir,
}

impl Disk {
    fn new(sandbox: &Sandbox) -> Option<Disk> {
        let folder = TempDir::new().expect("the system has room for a temporary folder");
        let image = folder.path().join("disk.img");
        fs::File::create(&image).and_then(|file| file.set_len(40 << 20)).expect("there is room for a small disk");
        as_root("mkfs.ext4", &["-q", "-O", "^metadata_csum", &image.to_string_lossy()])?;
        let mounts = Disk::mount(sandbox, &image)?;
        Some(Disk { image, mounts, folder })
    }

    fn mount(sandbox: &Sandbox, image: &Path) -> Option<Vec<Mount>> {
        let place = image.with_extension("mounted");
        fs::create_dir_all(&place).expect("the folder is writable");
        let text = |path: &Path| path.to_string_lossy().into_owned();
        // No commit but those that are asked for: five seconds, the default, are more than a run takes, but not by far.
        as_root("mount", &["-o", "loop,commit=300", &text(image), &text(&place)])?;
        let mut mounts = vec![Mount::at(&place)];
        for (name, target) in [("project", sandbox.path("")), ("cache", sandbox.cache_path())] {
            fs::create_dir_all(place.join(name)).expect("the disk is writable");
            as_root("mount", &["--bind", &text(&place.join(name)), &text(&target)])?;
            mounts.insert(0, Mount::at(&target));
        }
        Some(mounts)
    }

    /// The disk as it is after a power cut.
    fn lose_power(self, sandbox: &Sandbox) -> Option<Disk> {
        let copy = self.folder.path().join("copy.img");
        fs::copy(&self.image, &copy).expect("there is room for a copy");
        drop(self.mounts);
        let mounts = Disk::mount(sandbox, &copy)?;
        Some(Disk { image: copy, mounts, folder: self.folder })
    }
}

/// Cuts the power where the run reaches the point; whether that could be done.
#[track_caller]
fn cut_at(point: &str, nth: u32, with_urls: bool) -> Option<usize> {
    let vendor = if with_urls { Vendor::openai().with_urls() } else { Vendor::openai() };
    let sandbox = studio(&vendor, "concurrency = 1", &assets(["one", "two"]));
    let manifest = sandbox.read("images.toml");
    let disk = Disk::new(&sandbox)?;
    sandbox.write("images.toml", &manifest);
    let synced = Command::new("sync").arg("-f").arg(sandbox.path("")).status();
    assert!(synced.is_ok_and(|status| status.success()), "sync -f");
    sandbox.env("TINTYPE_FAILPOINT", &format!("{point}:{nth}=kill")).run("sync --jobs 1");
    sandbox.without_env("TINTYPE_FAILPOINT");
    let disk = disk.lose_power(&sandbox)?;
    let case = Case::new(&sandbox, &vendor, format!("the power failed at {point}, time {nth}")).recover();
    let in_doubt = case.in_doubt;
    assert!(in_doubt == 0 || may_be_in_doubt(point), "the power failed at {point}: what was answered is in doubt");
    drop(disk);
    Some(in_doubt)
}

#[test]
fn a_power_cut_at_any_point_loses_nothing_that_was_paid() {
    let (mut cuts, mut in_doubt) = (0, 0);
    for with_urls in [false, true] {
        let scene = if with_urls { "fetched" } else { "bought" };
        for (point, times) in points_of(scene) {
            // The index may be lost at any time; how often it is written isn't known beforehand.
            let times = if point.ends_with("-state") { 1 } else { times };
            for nth in (1..=times).step_by(2) {
                let Some(doubt) = cut_at(&point, nth, with_urls) else { return };
                cuts += 1;
                in_doubt += doubt;
            }
        }
    }
    eprintln!("{cuts} power cuts survived; {in_doubt} requests were in doubt");
}
