//! Expansion by properties: the same whatever the order of tables, and again from what `show` writes out.

use std::collections::BTreeMap;
use std::path::PathBuf;

use proptest::prelude::*;

use crate::files::Files;
use crate::manifest::quote::quote;
use crate::manifest::{Manifest, parse};
use crate::model::{Registry, TrustedHosts};
use crate::resolve::{Asset, AssetOrigin, Assets, Protected, render, resolve};

/// A project in a folder of its own, with the files that its manifests name.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let picture = image::RgbaImage::from_pixel(2, 2, image::Rgba([1, 2, 3, 255]));
        picture.save(folder.path().join("board.png")).expect("written");
        std::fs::write(folder.path().join("dusk.hex"), "1a1c2c\n5d275d\n").expect("written");
        std::fs::write(folder.path().join("rows.csv"), "id,look\none,\"{{ plain }}\"\ntwo,{single}\n")
            .expect("written");
        Self(folder)
    }

    fn resolve(&self, text: &str) -> (Manifest, Assets) {
        std::fs::write(self.path(), text).expect("written");
        let files = Files::open(&self.path()).expect("it is there");
        let parsed = parse("images.toml", text);
        let manifest = parsed.manifest.expect("it is TOML");
        let (registry, mut found) = Registry::built_in().with(&manifest, &TrustedHosts::default());
        found.extend(parsed.mistakes);
        let protected = Protected { cache: None };
        let (assets, mistakes) = resolve(&manifest, &registry, &files, &protected, &TrustedHosts::default());
        found.extend(mistakes);
        assert!(found.is_empty(), "{text}\n{found:#?}");
        (manifest, assets)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("images.toml")
    }
}

/// All that an asset is, but for where it is written.
fn essence(asset: &Asset) -> String {
    let origin = match &asset.origin {
        AssetOrigin::Generated(open) => {
            format!("{:?} {:?} {:?} {}", open.recipe, open.references, open.providers, open.takes)
        }
        AssetOrigin::Source { path, hash, .. } => format!("{path} {hash}"),
        AssetOrigin::Shared(other) => format!("asset:{other}"),
    };
    let output = |output: &crate::resolve::Output| format!("{:?} {}", output.path, output.settings.digest());
    let outputs: Vec<String> = asset.outputs.iter().map(output).collect();
    let Asset { publish, tags, alt, hold, .. } = asset;
    format!("{origin} {publish:?} {outputs:?} {tags:?} {alt:?} {hold}")
}

fn essences(assets: &Assets) -> BTreeMap<String, String> {
    assets.by_name.iter().map(|(name, asset)| (name.to_string(), essence(asset))).collect()
}

/// A text as a manifest's value that no template touches.
fn plain(text: &str) -> String {
    quote(&text.replace(['{', '}'], "("))
}

/// Outputs with every key that there is.
const OUTPUTS: [&str; 9] = [
    "{ path = \"b.webp\", lossless = true, filter = \"box\", width = 9 }",
    "{ path = \"b.jpg\", max_bytes = 900, crop = \"top-left\", width = 9, height = 9, fit = \"inside\", widths = [4, 5] }",
    "{ path = \"b1.png\", crop = { x = 1, width = 1, height = 2 }, rotate = 270, flip = \"both\", pad = [1, 2] }",
    "{ path = \"b2.png\", chroma_key = \"auto\", trim = true, colors = 9, background = \"#123\" }",
    "{ path = \"b3.png\", chroma_key = { color = \"#00ff00\", tolerance = 1, despill = false }, colors = \"dusk.hex\" }",
    "{ path = \"{{ name }}/{{ cell }}.png\", grid = \"2x1\", widths = [3] }",
    "{ path = \"board/board-{{ cell }}-{{ width }}.png\", width = 3, grid = [[\"a\", \"\"], [\"board\", \"b\"]] }",
    "{ path = \"odd/{{ cell | upper }}{{ cell }}.png\", crop = [0.25, 0.007], grid = [[\"a\", \"it\"]] }",
    "{ path = \"x/{% if cell == 'a' %}it's{% endif %}{{ take }}-.png\", grid = [[\"a\", \"b\"]] }",
];

/// Tables of a manifest in their natural order. `words` may hold anything: they come into wordings through variables.
fn any_tables() -> impl Strategy<Value = Vec<String>> {
    let words = proptest::collection::vec(any::<String>(), 6);
    let numbers = (1_u32..3000, proptest::option::of(1_u32..3000), 1_u32..5, 0_u64..9);
    (words, numbers, any::<[bool; 8]>()).prop_map(|(words, (width, height, takes, seed), choices)| {
        let [all, hold, alpha, tier, styled, board, list, bare] = choices;
        let height = height.map(|height| format!(", height = {height}")).unwrap_or_default();
        let shape = if tier { "size = \"2K\"\naspect_ratio = \"16:9\"\n" } else { "" };
        let style = if styled { "style = [\"outer\", \"inner\"]\n" } else { "" };
        let reference = if board { "references = [{ path = \"board.png\", hint = \"{{ odd }}\" }]\n" } else { "" };
        let take = if all { "-{{ take }}" } else { "" };
        let output = match (list, bare) {
            (_, true) => "output = []\n".to_string(),
            (true, _) => format!(
                "output = [{{ path = \"{{{{ name }}}}{take}-a.webp\", quality = 7 }}, {{ path = \"x/{{{{ name }}}}{take}.jpg\", \
                 width = {width}{height} }}]\n"
            ),
            _ => format!("output = {{ path = \"{{{{ name }}}}{take}.png\", width = {width}{height}, widths = [9] }}\n"),
        };
        vec![
            format!("[vars]\nodd = {}\nother = {}\n", quote(&words[0]), quote(&words[1])),
            format!("[defaults]\nmodel = \"placeholder\"\ntags = [{}]\n", plain(&words[2])),
            "[styles.inner]\nprompt = \"{{ prompt }} and {{ other }}\"\nreferences = [\"board.png\"]\n".to_string(),
            "[styles.outer]\nprompt = \"so {{ prompt }}\"\noptions.aisa = { x = [1, 2.5, \"{{ odd }}\"] }\n".to_string(),
            format!(
                "[assets.\"made/{{{{ item }}}}\"]\nmatrix = {{ item = [\"a\", \"b\"] }}\nprompt = \"x {{{{ odd }}}} {{{{ item }}}}\"\n\
                 seed = {seed}\nn = {takes}\nhold = {hold}\nalt = {}\ntags = [\"{{{{ item }}}}\"]\n{shape}{style}{reference}{output}{}{}",
                plain(&words[3]),
                if all { "publish = \"all\"\n" } else { "" },
                if alpha { "background = \"transparent\"\nquality = \"low\"\n" } else { "" },
            ),
            format!(
                "[assets.\"rows/{{{{ id }}}}\"]\nrows = \"rows.csv\"\nprompt = \"{{{{ look }}}} x\"\nnegative_prompt = \"n {{{{ other }}}}\"\n\
                 variant = {seed}\nreferences = [{{ asset = \"made/a\", take = 1 }}, \"asset:board\"]\n"
            ),
            format!("[assets.board]\nsource = \"board.png\"\noutput = [{}]\n", OUTPUTS.join(", ")),
            "[assets.small]\nsource = \"asset:made/b\"\noutput = { width = 8 }\n".to_string(),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn an_asset_that_is_written_out_is_the_same_asset(tables in any_tables()) {
        let folder = Folder::new();
        let (manifest, assets) = folder.resolve(&tables.concat());
        let entries: Vec<String> = assets.by_name.values().map(|asset| render(asset, &manifest)).collect();
        let (_, again) = folder.resolve(&entries.join("\n"));
        prop_assert_eq!(essences(&assets), essences(&again));
    }

    #[test]
    fn the_order_of_tables_never_matters((tables, shuffled) in any_tables().prop_flat_map(|tables| {
        (Just(tables.clone()), Just(tables).prop_shuffle())
    })) {
        let folder = Folder::new();
        let (_, assets) = folder.resolve(&tables.concat());
        let (_, again) = folder.resolve(&shuffled.concat());
        prop_assert_eq!(essences(&assets), essences(&again));
        prop_assert_eq!(assets.order, again.order);
    }
}
