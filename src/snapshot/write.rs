//! Taking a snapshot: after a run that found nothing to do, or has just done it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::digest::Digest;
use crate::files::{Files, Stamp, real};
use crate::name::{AssetName, ProjectPath};
use crate::plan::PlannedAsset;
use crate::snapshot::FILE;
use crate::snapshot::bytes::Writer;
use crate::snapshot::look::{Expected, by_folder};
use crate::snapshot::rows::write_rows;

/// What is concluded, and of what.
pub(crate) struct Conclusion<'a> {
    pub(crate) files: &'a Files,
    pub(crate) world: Digest,
    /// The variables that hold keys, and whether each is set in the environment.
    pub(crate) keys: BTreeMap<&'a str, bool>,
    pub(crate) cache: &'a Path,
    /// Files that are declared.
    pub(crate) outputs: usize,
    /// Sheets, and files of generated code.
    pub(crate) further: &'a [ProjectPath],
    /// Assets that others refer to.
    pub(crate) referred: BTreeSet<AssetName>,
    /// Each asset, by name.
    pub(crate) plan: Vec<&'a PlannedAsset>,
}

impl Conclusion<'_> {
    /// Writes it down, if there is nothing to do. What goes wrong costs the next run some time and nothing else.
    pub(crate) fn keep(&self) {
        let Some((bytes, latest)) = self.render() else { return };
        let is_trusted = |written: i128| written > latest || is_ahead(latest);
        if !self.files.has_state(FILE, &bytes).is_some_and(is_trusted) {
            self.files.write_state(FILE, &bytes, latest);
        }
    }

    /// The file, and the latest time in it.
    fn render(&self) -> Option<(Vec<u8>, i128)> {
        let rows = write_rows(&self.plan)?;
        let manifest = self.files.manifest_as_read()?;
        let inputs = self.files.inputs();
        let outputs = self.plan.iter().flat_map(|one| &one.outputs).chain(self.further);
        let outputs: BTreeMap<&ProjectPath, Stamp> =
            outputs.map(|path| Some((path, self.files.stamp(path)?))).collect::<Option<_>>()?;
        let stamps = inputs.values().flatten().chain(outputs.values());
        let latest = stamps.map(Stamp::latest).max().unwrap_or_default();
        let mut writer = Writer::default();
        writer.digest(self.world);
        writer.text(self.files.root().to_str()?);
        writer.text(self.files.manifest_name());
        writer.text(self.cache.to_str()?);
        writer.text(real(self.cache).to_str()?);
        writer.list(self.keys.iter(), |writer, (variable, is_set)| {
            writer.text(variable);
            writer.flag(*is_set);
        });
        writer.number(i64::try_from(latest).ok()?.cast_unsigned());
        writer.count(self.plan.len());
        writer.count(self.outputs);
        writer.count(rows.len());
        writer.digest(Digest::of(&rows));
        writer.digest(Digest::of(manifest.as_bytes()));
        writer.section(|writer| writer.texts(self.referred.iter().map(AssetName::as_str)));
        let inputs = by_folder(inputs.iter().map(|(path, stamp)| (path.as_str(), *stamp)))?;
        writer.section(|writer| Expected::write(&inputs, writer));
        let outputs = by_folder(outputs.iter().map(|(path, stamp)| (path.as_str(), Some(*stamp))))?;
        writer.section(|writer| Expected::write(&outputs, writer));
        let mut file = Writer::default();
        file.digest(Digest::of(&writer.0));
        file.count(writer.0.len());
        Some(([file.0, writer.0, rows, manifest.into_bytes()].concat(), latest))
    }
}

/// A file from the future is never older than a snapshot, however often that is written.
fn is_ahead(latest: i128) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    i128::try_from(now).is_ok_and(|now| now < latest)
}
