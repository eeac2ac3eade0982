//! `tintype models`: who serves what, for how much, and what it can do; of the project where there is one.

mod apis;
mod catalogue;
mod page;
mod table;

use crate::cli::Context;
use crate::cli::args::{Format, ModelsArguments};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::json::render;
use crate::cli::models::catalogue::{Catalogue, Wanted};
use crate::diagnostic::nearest;
use crate::model::{Model, Registry};
use crate::project::{Keys, Project};

pub(super) fn run(context: &Context, arguments: &ModelsArguments) -> Result<Exit, Failure> {
    // What one needs to declare a provider is told without a manifest, which may be broken for want of it.
    if arguments.apis {
        return apis::run(context);
    }
    let project = context.environment.open_if_any(context.manifest_path.as_deref())?;
    let built_in = Registry::built_in();
    let registry = project.as_ref().map_or(&built_in, Project::registry);
    let of_environment = Keys::of_environment(registry, context.environment.variables());
    let keys = project.as_ref().map_or(&of_environment, Project::keys);
    let provider = arguments.provider.as_deref();
    check_provider(registry, provider)?;
    let model = arguments.name.as_deref().map(|name| find(registry, name)).transpose()?;
    let wanted = Wanted { model, provider, capabilities: &arguments.capabilities };
    let catalogue = Catalogue::of(registry, keys, &wanted);
    let talk = &context.talk;
    if talk.format == Format::Json {
        talk.answer(&render(&catalogue))?;
    } else if catalogue.models.is_empty() {
        talk.remark(&nothing(&wanted))?;
    } else if model.is_some() {
        talk.answer(&page::pages(&catalogue, registry, talk.out))?;
    } else {
        talk.answer(&table::table(&catalogue, talk.out))?;
        table::legend(&catalogue, talk);
    }
    Ok(Exit::Done)
}

fn check_provider(registry: &Registry, provider: Option<&str>) -> Result<(), Failure> {
    let Some(name) = provider.filter(|name| !registry.providers.contains_key(*name)) else { return Ok(()) };
    let names = || registry.providers.keys().map(String::as_str);
    let help = nearest(name, names()).map_or_else(
        || format!("there are {}", names().collect::<Vec<_>>().join(", ")),
        |near| format!("did you mean `{near}`?"),
    );
    Err(Failure::usage(&format!("no provider is called `{name}`"), &help))
}

fn find<'a>(registry: &'a Registry, name: &str) -> Result<&'a Model, Failure> {
    registry.model(name).ok_or_else(|| {
        let ids = registry.models.values().flat_map(|model| &model.routes).map(|route| route.id.as_str());
        let names = registry.models.keys().map(String::as_str);
        let help = nearest(name, names.chain(ids))
            .map_or_else(|| "`tintype models` lists them all".to_string(), |near| format!("did you mean `{near}`?"));
        Failure::usage(&format!("no model is called `{name}`"), &help)
    })
}

fn nothing(wanted: &Wanted<'_>) -> String {
    match (wanted.model, wanted.provider) {
        (Some(model), Some(provider)) => format!("{provider} doesn't serve {}", model.name),
        (None, Some(provider)) if wanted.capabilities.is_empty() => {
            format!(
                "{provider} has no model that is built in; one of your own is declared as\n\
                 [models.NAME]\nroutes = [{{ provider = \"{provider}\", id = \"its id there\" }}]"
            )
        }
        _ => "no model can do all of this on one route".to_string(),
    }
}
