//! What a build script tells Cargo, by projects that are made for it.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::build::{Around, Build};
use crate::event::{Silent, Stop};
use crate::project::{Project, Surroundings, SyncOptions};

const TWO: &str = "[defaults]\nmodel = \"placeholder\"\nsize = \"64x64\"\n\n[assets.\"icons/sword\"]\nprompt = \"a sword\"\n\n\
                   [assets.hero]\nprompt = \"a panda\"\nalt = \"A panda\"\n";

/// A package with a manifest, in a folder of its own.
struct Package {
    folder: TempDir,
}

impl Package {
    fn new(manifest: &str) -> Self {
        let package = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        package.write("images.toml", manifest);
        fs::create_dir(package.path("out")).expect("a folder");
        package
    }

    fn path(&self, name: &str) -> PathBuf {
        fs::canonicalize(self.folder.path()).expect("a real place").join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("written");
    }

    fn surroundings(&self) -> Surroundings {
        Surroundings { default_cache: self.path("cache"), ..Surroundings::default() }
    }

    fn sync(self) -> Self {
        let project = Project::open(&self.path("images.toml"), &self.surroundings()).expect("sound");
        project.sync(&SyncOptions::default(), &Silent, &Stop::default()).expect("made");
        self
    }

    /// Another machine: nothing but what is committed.
    fn without_cache(self) -> Self {
        fs::remove_dir_all(self.path("cache")).expect("removed");
        fs::remove_dir_all(self.path(".tintype")).expect("removed");
        self
    }

    fn around(&self) -> Around {
        Around {
            package: self.path(""),
            out: self.path("out"),
            is_debug: true,
            is_docs: false,
            surroundings: self.surroundings(),
        }
    }

    fn tell(&self, build: &Build) -> Vec<String> {
        build.tell(&self.around()).lines().to_vec()
    }

    fn module(&self) -> String {
        fs::read_to_string(self.path("out/images.rs")).expect("a module")
    }
}

fn errors(lines: &[String]) -> Vec<&str> {
    lines.iter().filter_map(|line| line.strip_prefix("cargo::error=")).collect()
}

fn changed(lines: &[String]) -> Vec<&str> {
    lines.iter().filter_map(|line| line.strip_prefix("cargo::rerun-if-changed=")).collect()
}

#[test]
fn what_is_committed_is_enough_and_cargo_hears_what_the_build_stands_on() {
    let package = Package::new(TWO).sync().without_cache();
    let lines = package.tell(&Build::new());
    assert_eq!(errors(&lines), Vec::<&str>::new());
    assert_eq!(changed(&lines), ["assets/hero.png", "assets/icons/sword.png", "images.lock", "images.toml"]);
    assert!(package.module().contains("pub static SWORD: Image"));
    assert!(!package.path(".tintype").exists() && !package.path("cache").exists(), "a build writes to OUT_DIR alone");
}

#[test]
fn a_changed_prompt_is_an_error_that_names_the_asset_the_change_and_the_command() {
    let package = Package::new(TWO).sync().without_cache();
    package.write("images.toml", &TWO.replace("a panda", "a blue panda"));
    let lines = package.tell(&Build::new());
    assert_eq!(
        errors(&lines),
        [
            "the picture `hero` isn't as declared: its prompt was \"a panda\" and is \"a blue panda\" now",
            "run `tintype sync` and commit images.lock and the pictures",
        ]
    );
    assert!(!package.path("out/images.rs").exists());
}

#[test]
fn the_command_has_its_price_and_leads_to_the_manifest() {
    let package = Package::new(TWO).sync().without_cache();
    fs::create_dir(package.path("art")).expect("a folder");
    for name in ["images.toml", "images.lock", "assets"] {
        fs::rename(package.path(name), package.path("art").join(name)).expect("moved");
    }
    package.write(
        "art/images.toml",
        &TWO.replace("model = \"placeholder\"\nsize = \"64x64\"", "model = \"seedream-4.5\""),
    );
    let lines = package.tell(&Build::new().manifest("art/images.toml"));
    let last = errors(&lines).last().copied().expect("an error");
    assert_eq!(
        last,
        "run `tintype --manifest-path art/images.toml sync` ($0.08) and commit images.lock and the pictures"
    );
}

#[test]
fn a_missing_picture_is_an_error_and_with_placeholders_a_warning_in_debug_builds() {
    let package = Package::new(TWO).sync().without_cache();
    fs::remove_file(package.path("assets/hero.png")).expect("removed");
    assert!(errors(&package.tell(&Build::new()))[0].contains("`hero`"));
    let build = Build::new().placeholders(true);
    let lines = package.tell(&build);
    assert!(
        errors(&lines).is_empty() && lines.iter().any(|line| line.starts_with("cargo::warning=the picture `hero`"))
    );
    assert!(package.module().contains("/stand-ins/assets/hero.png.png"));
    let stand_in = fs::read(package.path("out/stand-ins/assets/hero.png.png")).expect("a stand-in");
    assert_eq!(imagesize::blob_size(&stand_in).map(|size| (size.width, size.height)).ok(), Some((64, 64)));
    assert!(changed(&lines).contains(&"assets"), "it is looked for again where it will appear: {lines:?}");
    let release = Around { is_debug: false, ..package.around() };
    assert!(build.tell(&release).is_failure(), "a release is never built of stand-ins");
}

#[test]
fn without_a_lockfile_nothing_was_made() {
    let package = Package::new(TWO);
    let lines = package.tell(&Build::new());
    assert_eq!(
        errors(&lines),
        ["there is no images.lock: no picture was made yet; run `tintype sync` and commit what it makes"]
    );
    let lines = package.tell(&Build::new().placeholders(true));
    assert!(errors(&lines).is_empty() && package.module().contains("pub static HERO"));
}

#[test]
fn docs_rs_gets_what_there_is() {
    let package = Package::new(TWO).sync().without_cache();
    fs::remove_dir_all(package.path("assets")).expect("removed");
    let docs = Around { is_docs: true, is_debug: false, ..package.around() };
    let told = Build::new().tell(&docs);
    assert!(!told.is_failure() && package.module().contains("pub static HERO"));
    fs::remove_file(package.path("images.toml")).expect("removed");
    let told = Build::new().tell(&docs);
    assert!(!told.is_failure() && package.module().contains("[&Image; 0] = []"), "{told:?}");
}

#[test]
fn as_long_as_nothing_changes_nothing_is_read() {
    let package = Package::new(TWO).sync().without_cache();
    // What is remembered is trusted once all that it speaks of is older.
    std::thread::sleep(std::time::Duration::from_millis(30));
    let (build, manifest) = (Build::new(), package.path("images.toml"));
    let recalled = || build.memory(&package.around()).recall(&manifest);
    assert_eq!(recalled(), None);
    let first = package.tell(&build);
    assert_eq!(recalled(), Some(first.clone()));
    assert_eq!(package.tell(&build), first);
    let put_back = |name: &str| {
        let bytes = fs::read(package.path(name)).expect("read");
        fs::write(package.path(name), bytes).expect("written");
        std::thread::sleep(std::time::Duration::from_millis(30));
    };
    for name in ["images.toml", "images.lock", "assets/hero.png", "out/images.rs"] {
        put_back(name);
        assert_eq!(recalled(), None, "{name} was written anew");
        assert_eq!(package.tell(&build), first);
        assert!(recalled().is_some());
    }
    fs::remove_file(package.path("assets/hero.png")).expect("removed");
    assert_eq!(recalled(), None);
    assert!(build.clone().placeholders(true).memory(&package.around()).recall(&manifest).is_none(), "another build");
}

#[test]
fn mistakes_of_the_manifest_are_errors_with_their_places_and_cures() {
    let package = Package::new("[assets.hero]\nmodle = \"placeholder\"\nprompt = \"x\"\n");
    let lines = package.tell(&Build::new());
    assert!(errors(&lines)[0].starts_with("images.toml:2:1: unknown key `modle`"), "{lines:?}");
    assert!(errors(&lines)[0].contains("did you mean `model`?"));
}

#[test]
fn a_manifest_elsewhere_is_only_used_when_it_is_named() {
    let package = Package::new(TWO).sync().without_cache();
    let inner = package.path("crates/game");
    fs::create_dir_all(inner.join("out")).expect("folders");
    let around = Around { package: inner.clone(), out: inner.join("out"), ..package.around() };
    let told = Build::new().tell(&around);
    assert!(errors(told.lines())[0].contains("Build::new().manifest(\"../../images.toml\")"), "{told:?}");
    let told = Build::new().manifest("../../images.toml").tell(&around);
    assert!(!told.is_failure(), "{told:?}");
    assert!(changed(told.lines()).contains(&"../../assets/hero.png"));
    let module = fs::read_to_string(inner.join("out/images.rs")).expect("a module");
    assert!(module.contains("\"/../../assets/hero.png\""), "found from the package's folder");
    let told = Build::new().manifest("../../other.toml").tell(&around);
    assert!(errors(told.lines())[0].contains("there is no ../../other.toml"), "{told:?}");
}

#[test]
fn names_that_rust_cannot_tell_apart_are_refused_at_their_places() {
    let package = Package::new(&TWO.replace("[assets.hero]", "[assets.\"icons/Sword\"]"));
    let lines = package.tell(&Build::new());
    assert_eq!(errors(&lines).len(), 1);
    let manifest = TWO.replace("[assets.hero]", "[assets.\"hero-1\"]\nprompt=\"x\"\n[assets.hero_1]");
    let package = Package::new(&manifest);
    let lines = package.tell(&Build::new());
    assert!(errors(&lines)[0].contains("would both be `HERO_1` in Rust"), "{lines:?}");
}

#[test]
fn online_makes_what_is_missing() {
    let package = Package::new(TWO);
    let lines = package.tell(&Build::new().online(SyncOptions::default()));
    assert_eq!(errors(&lines), Vec::<&str>::new());
    assert!(package.path("assets/hero.png").exists() && package.path("images.lock").exists());
}

#[test]
fn online_spends_nothing_that_the_code_does_not_agree_to() {
    let manifest = "[assets.hero]\nmodel = \"seedream-4.5\"\nprompt = \"a panda\"\n";
    let package = Package::new(manifest);
    let mut around = package.around();
    around.surroundings.variables.insert("AISA_API_KEY".to_string(), "sk-never-used".to_string());
    let told = Build::new().online(SyncOptions::default()).tell(&around);
    assert!(errors(told.lines())[0].contains("consent is needed"), "{told:?}");
}

#[test]
fn a_lockfile_of_a_newer_version_says_so() {
    let package = Package::new(TWO).sync();
    let lock = fs::read_to_string(package.path("images.lock")).expect("read");
    package.write("images.lock", &lock.replace("version = 1", "version = 2"));
    let lines = package.tell(&Build::new().placeholders(true));
    assert!(errors(&lines)[0].starts_with("images.lock:"), "{lines:?}");
    assert!(errors(&lines)[0].contains("version"), "{lines:?}");
}

#[test]
fn keys_are_left_where_they_are() {
    let package = Package::new(TWO).sync().without_cache();
    package.write(".env", "AISA_API_KEY=sk-secret-of-mine\n");
    let mut around = package.around();
    around.surroundings.variables.insert("AISA_API_KEY".to_string(), "sk-another-secret".to_string());
    let told = Build::new().tell(&around);
    assert!(!told.is_failure() && !format!("{told:?}").contains("secret"));
    let out: Vec<PathBuf> =
        fs::read_dir(package.path("out")).expect("read").flatten().map(|entry| entry.path()).collect();
    let holds = |path: &Path| fs::read(path).expect("read").windows(6).any(|window| window == b"secret");
    assert!(!out.iter().any(|path| holds(path)), "{out:?}");
    assert!(!told.lines().iter().any(|line| line.contains(".env")));
}

#[test]
fn without_a_home_a_build_reads_what_is_committed_and_makes_nothing() {
    let package = Package::new(TWO).sync();
    let homeless = || Around { surroundings: Surroundings::default(), ..package.around() };
    assert_eq!(errors(Build::new().tell(&homeless()).lines()), [""; 0]);
    fs::remove_file(package.path("assets/hero.png")).expect("removed");
    let online = Build::new().online(SyncOptions::default()).tell(&homeless());
    assert!(errors(online.lines())[0].contains("TINTYPE_CACHE_DIR"), "{:?}", online.lines());
    let strange = |name: &&str| {
        !["images.toml", "images.lock", "assets", "cache", "out", ".tintype", ".gitignore"].contains(name)
    };
    let left: Vec<String> = fs::read_dir(package.path(""))
        .expect("read")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(left.iter().map(String::as_str).find(strange), None, "{left:?}");
}

#[test]
fn cargo_is_told_of_all_that_the_pictures_stand_on_and_of_nothing_else() {
    let text = "include = [\"art/*.toml\"]\n\n[data]\nworld = \"world.json\"\n\n[defaults]\nmodel = \"placeholder\"\nsize = \"64x64\"\n\n\
                [assets.hero]\nprompt_file = \"hero.txt\"\nreferences = [\"ref.png\"]\n";
    let package = Package::new(text);
    fs::create_dir(package.path("art")).expect("a folder");
    package
        .write("art/more.toml", "[assets.\"{{ id }}\"]\nrows = { path = \"art/rows.csv\" }\nprompt = \"a {{ id }}\"\n");
    package.write("art/rows.csv", "id\nfox\n");
    package.write("world.json", "{}");
    package.write("hero.txt", "a panda");
    package.write("unrelated.txt", "x");
    let other = Package::new(TWO).sync();
    fs::copy(other.path("assets/hero.png"), package.path("ref.png")).expect("copied");
    let package = package.sync();
    let lines = package.tell(&Build::new());
    let told: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("cargo::rerun-if-changed=")).collect();
    let expected = [
        "art",
        "art/more.toml",
        "art/rows.csv",
        "assets/fox.png",
        "assets/hero.png",
        "hero.txt",
        "images.lock",
        "images.toml",
        "ref.png",
        "world.json",
    ];
    assert_eq!(told, expected);
}

#[test]
fn frames_of_an_atlas_are_there_before_it_is_packed_where_work_goes_on() {
    let atlas = "\n[atlases.all]\nassets = \"*\"\n";
    let package = Package::new(TWO).sync();
    package.write("images.toml", &format!("{TWO}{atlas}"));
    let build = Build::new();
    let lines = package.tell(&build);
    assert!(errors(&lines)[0].contains("the atlas `all` isn't as declared: it was never packed"), "{lines:?}");
    assert_eq!(errors(&package.tell(&build.placeholders(true))), [""; 0]);
    let module = package.module();
    assert!(module.contains("pub static ATLAS: Atlas") && module.contains("pub static HERO: Frame"), "{module}");
    let package = package.sync();
    assert_eq!(package.tell(&Build::new()).iter().filter(|line| line.ends_with("=assets/all.png")).count(), 1);
    assert!(package.module().contains("\"assets/all.png\" at concat!"), "{}", package.module());
    fs::remove_file(package.path("assets/all.png")).expect("removed");
    assert!(errors(&package.tell(&Build::new()))[0].contains("a sheet isn't there"));
}
