//! `tintype gallery`: a page on this machine that shows all assets, live; and the same page as files.
//!
//! The session in [`crate::cli::watch`] does what the page asks for; nothing here works on the project or spends anything.

mod detail;
mod export;
mod guard;
mod hub;
mod page;
mod pictures;
mod rows;
mod server;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Sender;

use crate::cli::Context;
use crate::cli::args::GalleryArguments;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::gallery::guard::token;
use crate::cli::gallery::server::Server;
use crate::cli::sync;
use crate::cli::watch::{Setup, Signal, watch};

pub(in crate::cli) use crate::cli::gallery::hub::Hub;

/// Where the page is served.
pub(in crate::cli) struct Serving {
    /// 0 for any that is free.
    pub(in crate::cli) port: u16,
    /// Whether it is opened in the browser.
    pub(in crate::cli) open: bool,
}

pub(super) fn run(context: &'static Context, arguments: &GalleryArguments) -> Result<Exit, Failure> {
    if let Some(folder) = &arguments.export {
        return export::run(context, folder);
    }
    let options = sync::spending(context, &arguments.spending, arguments.offline)?;
    let serving = Serving { port: arguments.port, open: !arguments.no_open };
    let setup = Setup { options, automatic: false, draft: false, poll: arguments.poll, serving: Some(serving) };
    watch(context, setup)
}

/// Serves the page from a thread of its own, for as long as the process lives.
pub(in crate::cli) fn serve(
    context: &'static Context,
    manifest: &Path,
    setup: &Setup,
    serving: &Serving,
    sender: Sender<Signal>,
) -> Result<Arc<Hub>, Failure> {
    let failed = |error: &std::io::Error| {
        let message = format!("port {} can't be had on 127.0.0.1: {}", serving.port, crate::files::describe(error));
        Failure::new(Exit::Failed, "port", message, "choose another with --port, or leave it out for one that is free")
    };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, serving.port));
    let listener = TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    let listener = listener.map_err(|error| failed(&error))?;
    let port = listener.local_addr().map_err(|error| failed(&error))?.port();
    let token = token().map_err(|error| failed(&error))?;
    let (origin, path) = (format!("http://127.0.0.1:{port}"), format!("/{token}/"));
    let hub = Arc::new(Hub::new(manifest, setup, (origin.clone(), path.clone())));
    let server = Server { hub: Arc::clone(&hub), sender, context, manifest: manifest.to_path_buf(), token, port };
    server.start(listener).map_err(|error| failed(&error))?;
    // The address is the answer of this command: a program may want it.
    context.talk.answer(&format!("{origin}{path}\n"))?;
    if serving.open && context.talk.err.is_terminal && !context.environment.is_on("CI") {
        hub.open(&context.talk);
    }
    Ok(hub)
}

/// The name of the folder that a manifest lies in.
fn project_name(manifest: &Path) -> String {
    let folder = std::path::absolute(manifest).ok().and_then(|path| path.parent().map(PathBuf::from));
    let name = folder.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| "project".to_string())
}
