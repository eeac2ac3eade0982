//! What the last build said, and what it stood on: as long as all of that bears the same stamps, the same is said again and
//! nothing is read.

use std::fs;
use std::path::{Path, PathBuf};

use crate::build::words::Told;
use crate::digest::Digest;
use crate::files::{FileState, Folder, Stamp, folder_of};
use crate::name::ProjectPath;
use crate::project::Project;
use crate::snapshot::{Expected, Reader, Writer, all_hold, by_folder};

/// A file of OUT_DIR.
#[derive(Debug)]
pub(super) struct Memory {
    file: PathBuf,
    module: PathBuf,
    /// The build's settings, and this very program.
    world: Digest,
}

impl Memory {
    pub(super) fn new(out: &Path, module: &str, world: &str) -> Self {
        let world = Digest::of(format!("tintype {} {world}", env!("CARGO_PKG_VERSION")).as_bytes());
        Self { file: out.join(format!("{module}.tintype-memory-v1")), module: out.join(module), world }
    }

    /// What was said last, if it would be said again.
    pub(super) fn recall(&self, manifest: &Path) -> Option<Vec<String>> {
        let bytes = fs::read(&self.file).ok()?;
        let (digest, content) = bytes.split_at_checked(32)?;
        if *Digest::of(content).as_bytes() != *digest {
            return None;
        }
        let written = Stamp::of(&fs::metadata(&self.file).ok()?).modified();
        let mut reader = Reader(content);
        let is_ours = reader.digest()? == self.world && stamp(&self.module)?.numbers()? == numbers(&mut reader)?;
        let latest = i128::from(reader.number()?.cast_signed());
        // What is stamped as late as the memory may have changed within the same tick.
        if !is_ours || latest >= written {
            return None;
        }
        let lines = reader.list(|reader| Some(reader.text()?.to_string()))?;
        let expected = Expected::read(&mut reader)?;
        all_hold(&Folder::open(folder_of(manifest)).ok()?, &expected).then_some(lines)
    }

    /// Remembers what was said of a project. A failure costs the next build some time and nothing else.
    pub(super) fn keep(&self, project: &Project, outputs: &[ProjectPath], told: &Told) {
        if let Some(bytes) = self.render(project, outputs, told) {
            let _ = fs::write(&self.file, bytes);
        }
    }

    fn render(&self, project: &Project, outputs: &[ProjectPath], told: &Told) -> Option<Vec<u8>> {
        let mut files = project.files.inputs();
        for path in outputs {
            let is_missing = project.files.look(path) == FileState::Missing;
            let stamp = if is_missing { None } else { Some(project.files.stamp(path)?) };
            files.insert(path.to_string(), stamp);
        }
        let module = stamp(&self.module)?;
        let latest = files.values().flatten().map(Stamp::latest).max().unwrap_or_default();
        let mut writer = Writer::default();
        writer.digest(self.world);
        module.numbers()?.into_iter().for_each(|number| writer.number(number));
        writer.number(i64::try_from(latest).ok()?.cast_unsigned());
        writer.texts(told.lines().iter().map(String::as_str));
        let expected = by_folder(files.iter().map(|(path, stamp)| (path.as_str(), *stamp)))?;
        Expected::write(&expected, &mut writer);
        Some([Digest::of(&writer.0).as_bytes(), &writer.0[..]].concat())
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    fs::metadata(path).ok().map(|metadata| Stamp::of(&metadata))
}

fn numbers(reader: &mut Reader<'_>) -> Option<[u64; 4]> {
    Some([reader.number()?, reader.number()?, reader.number()?, reader.number()?])
}
