//! What refuses a run before anything is sent or written, and what it may spend: keys, lockfile, budget, consent.

use std::sync::Arc;

use crate::codegen::CodeState;
use crate::event::Report;
use crate::execute::Purse;
use crate::plan::{Note, Plan, PlannedAsset};
use crate::project::sync::SyncOptions;
use crate::project::{Project, ProjectError, Survey};

/// Most paid images of a run, where the manifest says nothing.
const MAX_IMAGES: u32 = 100;
/// The price above which is asked first, in US dollars, where the manifest says nothing.
const CONFIRM_ABOVE_USD: f64 = 1.00;

impl Project {
    /// What refuses a run before anything is sent or written, in the order of the exit codes. Where stand-ins are drawn, what
    /// can't be paid for is set aside instead.
    pub(crate) fn admit(&self, survey: &mut Survey, options: &SyncOptions) -> Result<(), ProjectError> {
        let lacks_key = |one: &PlannedAsset| one.images > 0 && !one.missing_keys.is_empty();
        let keys = keys_are_set(&survey.plan, options);
        excuse(keys, &mut survey.plan, options, lacks_key)?;
        lock_may_change(survey, options)?;
        let budget = self.budget(&survey.plan, options);
        excuse(budget, &mut survey.plan, options, PlannedAsset::spends)
    }

    fn budget(&self, plan: &Plan, options: &SyncOptions) -> Result<(), ProjectError> {
        let refuse = |code, message: String, help: &str| Err(ProjectError::Refused(Note::new(code, message, help)));
        let images = plan.paid_images();
        if images == 0 {
            return Ok(());
        }
        let Limits { max_images, max_cost_usd } = self.limits(options);
        let before = options.before;
        // What a run may spend, or what is left of it for this one.
        let allowed = |most: String, spent: String| match before.images {
            0 => format!("at most {most} allowed in a run"),
            _ => format!("at most {most} allowed in a session, which has spent {spent}"),
        };
        if images > max_images.saturating_sub(before.images) {
            let allowed = allowed(format!("{max_images} are"), before.images.to_string());
            let message = format!("{images} paid images are planned, and {allowed}");
            return refuse("budget", message, "name fewer assets, or raise --max-images or [budget] max_images");
        }
        let Some(most) = max_cost_usd else { return Ok(()) };
        let help = "name fewer assets, or raise --max-cost or [budget] max_cost_usd";
        let spent = before.cost_usd.map_or_else(|| "an unknown amount".to_string(), |cost| format!("${cost:.2}"));
        let allowed = allowed(format!("${most:.2} is"), spent);
        match plan.cost_usd().zip(before.cost_usd) {
            Some((cost, spent)) if cost + spent > most + 1e-9 => {
                refuse("budget", format!("the plan costs ${cost:.2}, and {allowed}"), help)
            }
            None => {
                let message = format!("the plan's price isn't known, and {allowed}");
                refuse("budget", message, "set the price: [models.NAME] cost_usd = { PROVIDER = 0.04 }")
            }
            Some(_) => Ok(()),
        }
    }

    /// What a run with these options, or all runs of its session, may spend.
    pub fn limits(&self, options: &SyncOptions) -> Limits {
        Limits {
            max_images: options.max_images.or(self.manifest.budget.max_images).unwrap_or(MAX_IMAGES),
            max_cost_usd: options.max_cost_usd.or(self.manifest.budget.max_cost_usd),
        }
    }

    /// Has the spending agreed to. Where stand-ins are drawn, what isn't is set aside instead.
    pub(crate) fn have_agreed(
        &self,
        plan: &mut Plan,
        agreed: Option<Agreed>,
        options: &SyncOptions,
        report: &dyn Report,
    ) -> Result<Agreed, ProjectError> {
        let answer = self.agree(plan, agreed, options, report);
        let Err(ProjectError::Refused(note)) = &answer else { return answer };
        if !options.placeholders {
            return answer;
        }
        set_aside(plan, note, PlannedAsset::spends);
        Ok(Agreed::of(plan))
    }

    /// Spending is agreed to by `--yes`, by a small enough price, or by somebody who is asked. What was `agreed` to
    /// already needs no second word.
    fn agree(
        &self,
        plan: &Plan,
        agreed: Option<Agreed>,
        options: &SyncOptions,
        report: &dyn Report,
    ) -> Result<Agreed, ProjectError> {
        let spending = Agreed::of(plan);
        let agreed = agreed.or(options.agreed);
        if spending.images == 0 || options.yes || agreed.is_some_and(|agreed| spending.is_within(agreed)) {
            return Ok(spending);
        }
        let above = self.manifest.budget.confirm_above_usd.unwrap_or(CONFIRM_ABOVE_USD);
        let price = spending.cost_usd.map_or_else(|| "an unknown price".to_string(), |cost| format!("${cost:.2}"));
        let (reason, is_small) = if options.unattended {
            ("CI is set, and nobody can be asked".to_string(), false)
        } else {
            let small = spending.cost_usd.is_some_and(|cost| cost + options.before.unasked_usd <= above + 1e-9);
            (format!("more than ${above:.2} is asked about first"), small)
        };
        // Whoever said no a moment ago, and has stand-ins drawn instead, isn't asked twice.
        let may_ask = !(options.unattended || (options.placeholders && agreed.is_some()));
        if is_small || (may_ask && report.confirm(plan)) {
            return Ok(spending);
        }
        let images = if spending.images == 1 { "1 image".to_string() } else { format!("{} images", spending.images) };
        let message = format!("{images} for {price}: consent is needed, {reason}");
        Err(ProjectError::Refused(Note::new("consent", message, "run `tintype sync --yes` if that is meant")))
    }

    /// What may be spent: within the budget and, without `--yes`, within what was agreed to, whoever is asked in the end.
    pub(crate) fn purse(&self, plan: &Plan, options: &SyncOptions) -> Purse {
        let limits = self.limits(options);
        let images = limits.max_images.saturating_sub(options.before.images);
        // After an unknown amount nothing is left.
        let dollars = limits.max_cost_usd.map(|most| options.before.cost_usd.map_or(0.0, |spent| most - spent));
        if options.yes {
            return Purse::new(images, dollars);
        }
        let above = self.manifest.budget.confirm_above_usd.unwrap_or(CONFIRM_ABOVE_USD);
        let agreed = plan.cost_usd().map(|cost| cost.max(above));
        let images = if options.unattended { plan.paid_images() } else { images };
        Purse::new(images, dollars.into_iter().chain(agreed).reduce(f64::min))
    }
}

/// The keys of all that is to be asked for.
fn keys_are_set(plan: &Plan, options: &SyncOptions) -> Result<(), ProjectError> {
    let asked = |one: &&PlannedAsset| one.images > 0 && !one.missing_keys.is_empty();
    let without_key: Vec<&PlannedAsset> = plan.iter().filter(asked).collect();
    let Some(one) = without_key.first().filter(|_| !options.locked) else { return Ok(()) };
    let variables = one.missing_keys.join(" or ");
    let message = format!("{} can't be made: no key is set for {}", names(&without_key), providers(one));
    let help = format!("set {variables} in the environment, or in a .env file beside the manifest");
    Err(ProjectError::MissingKey(Note::new("no-key", message, help)))
}

/// Whether the lockfile may say something else afterwards, or won't.
fn lock_may_change(survey: &Survey, options: &SyncOptions) -> Result<(), ProjectError> {
    if !options.locked {
        return Ok(());
    }
    if survey.lock_text.is_some() && !survey.plan.changes_lock() {
        return code_is_current(&survey.plan);
    }
    let changes: Vec<&PlannedAsset> = survey.plan.iter().filter(|one| one.work.changes_lock).collect();
    let atlas = survey.plan.atlases.iter().find(|atlas| atlas.state.changes_lock());
    let message = match (&survey.lock_text, atlas.filter(|_| changes.is_empty())) {
        (None, _) => "there is no images.lock, and --locked may not write one".to_string(),
        (Some(_), Some(atlas)) => format!("images.lock is out of date: the atlas `{}` changed", atlas.name),
        (Some(_), None) => format!("images.lock is out of date: {} changed", names(&changes)),
    };
    Err(ProjectError::OutOfDate(Note::new("out-of-date", message, "run `tintype sync` and commit images.lock")))
}

/// Whether the code that is there says what is locked. What isn't there is made, as any output is.
fn code_is_current(plan: &Plan) -> Result<(), ProjectError> {
    let Some(stale) = plan.code.iter().find(|file| file.state == CodeState::Stale) else { return Ok(()) };
    let message = format!("{} is out of date: it doesn't say what is locked", stale.path);
    let help = format!("run `tintype sync` and commit {}", stale.path);
    Err(ProjectError::OutOfDate(Note::new("out-of-date", message, help)))
}

/// Sets aside what a run was refused for, where stand-ins are drawn for it.
fn excuse(
    refused: Result<(), ProjectError>,
    plan: &mut Plan,
    options: &SyncOptions,
    is_meant: impl Fn(&PlannedAsset) -> bool,
) -> Result<(), ProjectError> {
    match refused {
        Err(ProjectError::MissingKey(note) | ProjectError::Refused(note)) if options.placeholders => {
            set_aside(plan, &note, is_meant);
            Ok(())
        }
        refused => refused,
    }
}

/// What is set aside fails with this reason, without anything being sent.
fn set_aside(plan: &mut Plan, why: &Note, is_meant: impl Fn(&PlannedAsset) -> bool) {
    for one in plan.assets.iter_mut().filter(|one| is_meant(one)) {
        let one = Arc::make_mut(one);
        let reason = match why.code {
            "no-key" => format!("no key is set for {}", providers(one)),
            _ => why.message.clone(),
        };
        let message = format!("`{}` isn't asked for now: {reason}", one.name);
        (one.error, one.images, one.cost_usd) = (Some(Note { message, ..why.clone() }), 0, Some(0.0));
        one.set_aside = true;
    }
}

/// What may be spent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Most images that aren't free.
    pub max_images: u32,
    /// Most US dollars, if there is a limit.
    pub max_cost_usd: Option<f64>,
}

/// Spending that was agreed to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreed {
    /// Images that aren't free.
    pub images: u32,
    /// In US dollars; whatever it is, where absent.
    pub cost_usd: Option<f64>,
}

impl Agreed {
    /// All that a plan spends.
    pub fn of(plan: &Plan) -> Self {
        Self { images: plan.paid_images(), cost_usd: plan.cost_usd() }
    }

    fn is_within(self, other: Self) -> bool {
        let cheaper = match (self.cost_usd, other.cost_usd) {
            (Some(own), Some(agreed)) => own <= agreed + 1e-9,
            (_, None) => true,
            (None, Some(_)) => false,
        };
        self.images <= other.images && cheaper
    }
}

fn names(assets: &[&PlannedAsset]) -> String {
    let shown: Vec<&str> = assets.iter().take(3).map(|one| one.name.as_str()).collect();
    let rest = assets.len().saturating_sub(shown.len());
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    format!("`{}`{more}", shown.join("`, `"))
}

fn providers(one: &PlannedAsset) -> String {
    let mut providers: Vec<&str> = one.candidates.iter().map(|candidate| candidate.route.provider.as_str()).collect();
    providers.dedup();
    providers.join(" or ")
}
