//! Folders held open: what is done in one is done there, whatever its path has come to mean since.
//!
//! Where the system has no such thing, a folder is its path. Knows no project: which folders to go through is up to the
//! caller.

#[cfg(feature = "generate")]
use std::collections::hash_map::RandomState;
use std::ffi::OsStr;
#[cfg(feature = "generate")]
use std::fs;
#[cfg(feature = "generate")]
use std::hash::{BuildHasher, Hasher};
use std::io;
#[cfg(feature = "generate")]
use std::io::Write;
use std::path::Path;

#[cfg(feature = "generate")]
use crate::failpoint;
use crate::files::open::Opened;
use crate::files::stat::Stamp;

/// Whether a write must survive a power cut.
#[cfg(feature = "generate")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durable {
    /// File and folder are synced.
    Yes,
    /// Losing the write costs time only.
    No,
}

/// What the names of unfinished files begin with.
#[cfg(feature = "generate")]
pub(crate) const UNFINISHED: &str = ".tintype-";
/// So many hexadecimal digits follow.
#[cfg(feature = "generate")]
pub(crate) const UNFINISHED_DIGITS: usize = 16;

/// A folder.
#[derive(Debug)]
pub(crate) struct Folder(system::Handle);

impl Folder {
    /// The folder at a path, wherever links in it lead.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        system::open(path).map(Self)
    }

    /// A folder in this one; a link isn't one.
    pub(crate) fn within(&self, name: &OsStr) -> io::Result<Self> {
        system::within(&self.0, name).map(Self)
    }

    /// The stamp of what bears a name in this folder, a link's own if it is one; none where there is nothing.
    pub(crate) fn stamp(&self, name: &OsStr) -> io::Result<Option<Stamp>> {
        match system::stamp(&self.0, name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            stamp => stamp.map(Some),
        }
    }

    /// Opens what lies in this folder, for reading; a link isn't followed.
    pub(crate) fn open_file(&self, name: &OsStr) -> io::Result<Opened> {
        let file = system::open_file(&self.0, name)?;
        let metadata = file.metadata()?;
        Ok((file, metadata))
    }
}

#[cfg(feature = "generate")]
impl Folder {
    /// A folder in this one, made where it is missing.
    pub(crate) fn make(&self, name: &OsStr) -> io::Result<Self> {
        match self.within(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => match system::make(&self.0, name) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
                _ => self.within(name),
            },
            other => other,
        }
    }

    /// Puts `bytes` at the name that `target` ends in, whole or not at all: beside it first, then renamed. A link there is
    /// replaced, not followed.
    pub(crate) fn replace(&self, target: &Path, bytes: &[u8], durable: Durable) -> io::Result<fs::Metadata> {
        self.fill(target, durable, |file| file.write_all(bytes))
    }

    /// The same with the bytes of another file that holds them: their blocks are shared where the file system can do that, and
    /// written where it can't.
    pub(crate) fn replace_like(&self, target: &Path, bytes: &[u8], twin: &fs::File) -> io::Result<fs::Metadata> {
        self.fill(target, Durable::No, |file| system::share_blocks(file, twin).or_else(|_| file.write_all(bytes)))
    }

    fn fill(
        &self,
        target: &Path,
        durable: Durable,
        fill: impl FnOnce(&mut fs::File) -> io::Result<()>,
    ) -> io::Result<fs::Metadata> {
        let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let (mut file, unfinished) = self.begin()?;
        let written = (|| {
            fill(&mut file)?;
            if durable == Durable::Yes {
                file.sync_all()?;
            }
            share(&file)?;
            failpoint::reach_file("before-rename", target)?;
            system::rename(&self.0, unfinished.as_ref(), name)
        })();
        if let Err(error) = written {
            let _ = self.remove_file(unfinished.as_ref());
            return Err(error);
        }
        failpoint::reach_file("after-rename", target)?;
        if durable == Durable::Yes {
            self.sync()?;
        }
        // Asked after the rename, which changes an inode's time.
        file.metadata()
    }

    /// Finds out whether a file could be written here.
    pub(crate) fn probe(&self) -> io::Result<()> {
        let (mut file, unfinished) = self.begin()?;
        let written = file.write_all(b"x");
        self.remove_file(unfinished.as_ref()).and(written)
    }

    /// A new file, private, under a name that nobody can foresee.
    fn begin(&self) -> io::Result<(fs::File, String)> {
        loop {
            // Seeded by the system's own randomness.
            let name = format!("{UNFINISHED}{:0UNFINISHED_DIGITS$x}", RandomState::new().build_hasher().finish());
            match system::create(&self.0, name.as_ref()) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                created => return Ok((created?, name)),
            }
        }
    }

    pub(crate) fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        system::remove_file(&self.0, name)
    }

    /// Removes an empty folder.
    pub(crate) fn remove_folder(&self, name: &OsStr) -> io::Result<()> {
        system::remove_folder(&self.0, name)
    }

    /// Makes the names in this folder durable, where the system has such a thing.
    pub(crate) fn sync(&self) -> io::Result<()> {
        system::sync(&self.0)
    }
}

/// Unfinished files are born private; what is put in place has the permissions that any new file has.
#[cfg(all(unix, feature = "generate"))]
fn share(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(all(not(unix), feature = "generate"))]
fn share(_file: &fs::File) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
mod system {
    use std::ffi::OsStr;
    use std::fs::File;
    use std::io;
    use std::os::fd::OwnedFd;
    use std::path::Path;

    use rustix::fs::{AtFlags, CWD, Mode, OFlags, openat, statat};
    #[cfg(feature = "generate")]
    use rustix::fs::{fsync, mkdirat, renameat, unlinkat};

    use crate::files::stat::Stamp;

    pub(crate) type Handle = OwnedFd;

    /// Readable, as only then it can be synced.
    const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

    pub(crate) fn open(path: &Path) -> io::Result<Handle> {
        Ok(openat(CWD, path, FOLDER, Mode::empty())?)
    }

    pub(crate) fn within(folder: &Handle, name: &OsStr) -> io::Result<Handle> {
        Ok(openat(folder, name, FOLDER | OFlags::NOFOLLOW, Mode::empty())?)
    }

    pub(crate) fn stamp(folder: &Handle, name: &OsStr) -> io::Result<Stamp> {
        Ok(Stamp::of_stat(&statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?))
    }

    pub(crate) fn open_file(folder: &Handle, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(openat(folder, name, flags, Mode::empty())?.into())
    }

    #[cfg(feature = "generate")]
    pub(crate) fn create(folder: &Handle, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(openat(folder, name, flags, Mode::RUSR | Mode::WUSR)?.into())
    }

    /// Makes an empty file share another one's blocks: a copy that takes no room.
    #[cfg(all(target_os = "linux", feature = "generate"))]
    pub(crate) fn share_blocks(file: &File, twin: &File) -> io::Result<()> {
        Ok(rustix::fs::ioctl_ficlone(file, twin)?)
    }

    #[cfg(all(not(target_os = "linux"), feature = "generate"))]
    pub(crate) fn share_blocks(_file: &File, _twin: &File) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    #[cfg(feature = "generate")]
    pub(crate) fn make(folder: &Handle, name: &OsStr) -> io::Result<()> {
        Ok(mkdirat(folder, name, Mode::RWXU | Mode::RWXG | Mode::RWXO)?)
    }

    #[cfg(feature = "generate")]
    pub(crate) fn rename(folder: &Handle, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(renameat(folder, from, folder, to)?)
    }

    #[cfg(feature = "generate")]
    pub(crate) fn remove_file(folder: &Handle, name: &OsStr) -> io::Result<()> {
        Ok(unlinkat(folder, name, AtFlags::empty())?)
    }

    #[cfg(feature = "generate")]
    pub(crate) fn remove_folder(folder: &Handle, name: &OsStr) -> io::Result<()> {
        Ok(unlinkat(folder, name, AtFlags::REMOVEDIR)?)
    }

    #[cfg(feature = "generate")]
    pub(crate) fn sync(folder: &Handle) -> io::Result<()> {
        Ok(fsync(folder)?)
    }
}

#[cfg(not(unix))]
mod system {
    use std::ffi::OsStr;
    use std::fs::{self, File};
    use std::io;
    use std::path::{Path, PathBuf};

    use crate::files::stat::Stamp;

    pub(crate) type Handle = PathBuf;

    pub(crate) fn open(path: &Path) -> io::Result<Handle> {
        if fs::metadata(path)?.is_dir() { Ok(path.to_path_buf()) } else { Err(io::ErrorKind::NotADirectory.into()) }
    }

    pub(crate) fn within(folder: &Handle, name: &OsStr) -> io::Result<Handle> {
        let path = folder.join(name);
        if fs::symlink_metadata(&path)?.is_dir() { Ok(path) } else { Err(io::ErrorKind::NotADirectory.into()) }
    }

    pub(crate) fn stamp(folder: &Handle, name: &OsStr) -> io::Result<Stamp> {
        fs::symlink_metadata(folder.join(name)).map(|metadata| Stamp::of(&metadata))
    }

    pub(crate) fn open_file(folder: &Handle, name: &OsStr) -> io::Result<File> {
        let path = folder.join(name);
        if fs::symlink_metadata(&path)?.is_symlink() {
            return Err(io::Error::other("it is a link"));
        }
        File::open(path)
    }

    #[cfg(feature = "generate")]
    pub(crate) fn create(folder: &Handle, name: &OsStr) -> io::Result<File> {
        File::options().read(true).write(true).create_new(true).open(folder.join(name))
    }

    #[cfg(feature = "generate")]
    pub(crate) fn share_blocks(_file: &File, _twin: &File) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    #[cfg(feature = "generate")]
    pub(crate) fn make(folder: &Handle, name: &OsStr) -> io::Result<()> {
        fs::create_dir(folder.join(name))
    }

    #[cfg(feature = "generate")]
    pub(crate) fn rename(folder: &Handle, from: &OsStr, to: &OsStr) -> io::Result<()> {
        fs::rename(folder.join(from), folder.join(to))
    }

    #[cfg(feature = "generate")]
    pub(crate) fn remove_file(folder: &Handle, name: &OsStr) -> io::Result<()> {
        fs::remove_file(folder.join(name))
    }

    #[cfg(feature = "generate")]
    pub(crate) fn remove_folder(folder: &Handle, name: &OsStr) -> io::Result<()> {
        fs::remove_dir(folder.join(name))
    }

    #[cfg(feature = "generate")]
    pub(crate) fn sync(_folder: &Handle) -> io::Result<()> {
        Ok(())
    }
}
