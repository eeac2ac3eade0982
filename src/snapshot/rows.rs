//! A settled plan as bytes, and back: what a list or a document shows of each asset.

use std::sync::Arc;

use crate::model::Api;
use crate::name::{AssetName, ProjectPath};
use crate::plan::{Action, Plan, PlannedAsset, Reason, ReasonCode};
use crate::snapshot::bytes::Reader;
#[cfg(feature = "generate")]
use crate::snapshot::bytes::Writer;

pub(crate) fn read_rows(bytes: &[u8]) -> Option<Plan> {
    let mut reader = Reader(bytes);
    let assets = reader.list(|reader| {
        let mut one = PlannedAsset::nothing(&AssetName::new(reader.text()?).ok()?, Action::Keep);
        // What may be absent is a list of one.
        one.model = reader.texts()?.pop();
        one.provider = reader.texts()?.pop();
        one.api = reader.list(|reader| Api::parse(reader.text()?))?.pop();
        one.outputs = reader.list(|reader| ProjectPath::new(reader.text()?).ok())?;
        one.tags = reader.texts()?;
        one.alt = reader.texts()?.pop();
        one.reasons = reader.list(|reader| Some(Reason::new(ReasonCode::Held, reader.text()?)))?;
        Some(Arc::new(one))
    })?;
    reader.0.is_empty().then_some(Plan { assets, ..Plan::default() })
}

/// The rows of a plan in which nothing is to be done and nothing stands out; none of any other.
#[cfg(feature = "generate")]
pub(crate) fn write_rows(plan: &[&PlannedAsset]) -> Option<Vec<u8>> {
    let is_plain = |one: &PlannedAsset| {
        one.action == Action::Keep
            && one.warnings.is_empty()
            && one.error.is_none()
            && one.images == 0
            && one.cost_usd == Some(0.0)
            && one.reasons.iter().all(|reason| reason.code == ReasonCode::Held && reason.change.is_none())
            && !one.work.changes_lock
    };
    if !plan.iter().copied().all(is_plain) {
        return None;
    }
    let mut writer = Writer::default();
    writer.list(plan.iter(), |writer, one| {
        writer.text(one.name.as_str());
        writer.texts(one.model.as_deref());
        writer.texts(one.provider.as_deref());
        writer.texts(one.api.map(Api::name));
        writer.texts(one.outputs.iter().map(ProjectPath::as_str));
        writer.texts(one.tags.iter().map(String::as_str));
        writer.texts(one.alt.as_deref());
        writer.texts(one.reasons.iter().map(|reason| reason.detail.as_str()));
    });
    Some(writer.0)
}
