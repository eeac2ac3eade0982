//! Lantern Marsh: a heron leads the small folk of a marsh home before its lantern goes out.
//!
//! Every picture is a typed name from `images.toml`. A debug build reads them from the disk, and R reads them again.

use macroquad::miniquad::conf::{Icon, Platform};
use macroquad::prelude::*;

mod images {
    include!(concat!(env!("OUT_DIR"), "/images.rs"));
}

use images::Frame;
use images::atlases::board::{self, folk, tiles};

const TILE: f32 = 128.0;
const TOKEN: f32 = 56.0;
const BAR: f32 = 56.0;
const SIZE: Vec2 = vec2(8.0 * TILE, 5.0 * TILE + BAR);
/// So long does the lantern burn, in seconds.
const BURNS: f32 = 24.0;
/// The trail has a mark every so many pixels, and who follows is so many marks behind the one before.
const MARK: f32 = 4.0;
const GAP: usize = 15;
const GOLD: Color = Color::new(1.0, 0.78, 0.38, 1.0);
const CREAM: Color = Color::new(0.98, 0.95, 0.86, 1.0);
const NIGHT: Color = Color::new(0.03, 0.04, 0.10, 1.0);

/// A letter is a tile: water, moss, reeds, planks, boathouse.
const BOARD: [&str; 5] = ["rrmmwwmr", "rwwmmwrr", "mwwpppbm", "mmrpwwmm", "rrmpwrrm"];
/// Where the boathouse stands, in tiles.
const HOME: Vec2 = vec2(6.5, 2.5);
/// Who waits for a light, and where.
const WAITING: [(Folk, Vec2); 9] = [
    (Folk::Frog, vec2(4.4, 1.4)),
    (Folk::Moth, vec2(2.6, 0.6)),
    (Folk::Newt, vec2(3.5, 2.6)),
    (Folk::Snail, vec2(0.6, 0.5)),
    (Folk::Frog, vec2(0.5, 2.6)),
    (Folk::Newt, vec2(1.6, 4.4)),
    (Folk::Moth, vec2(5.6, 4.5)),
    (Folk::Snail, vec2(7.4, 4.3)),
    (Folk::Frog, vec2(7.5, 0.5)),
];

#[derive(Clone, Copy)]
enum Folk {
    Frog,
    Moth,
    Newt,
    Snail,
}

/// In the order of the board's letters, and of the folk.
static TILES: [&Frame; 5] = [&tiles::WATER, &tiles::MOSS, &tiles::REEDS, &tiles::PLANKS, &tiles::BOATHOUSE];
static FOLK: [&Frame; 4] = [&folk::FROG, &folk::MOTH, &folk::NEWT, &folk::SNAIL];

/// What the graphics card holds of the pictures.
struct Pictures {
    board: Vec<Texture2D>,
    heron: Texture2D,
    lantern: Texture2D,
    supper: Texture2D,
}

impl Pictures {
    fn read() -> Self {
        let texture = |file: &images::File| Texture2D::from_file_with_format(&file.bytes(), None);
        Self {
            board: board::ATLAS.pages.iter().map(texture).collect(),
            heron: texture(&images::HERON.files[0]),
            lantern: texture(&images::LANTERN.files[0]),
            supper: texture(&images::SUPPER.files[0]),
        }
    }

    /// A picture of the atlas, of this size around a point.
    fn draw(&self, frame: &Frame, middle: Vec2, size: Vec2) {
        let source = Rect::new(frame.x as f32, frame.y as f32, frame.width as f32, frame.height as f32);
        let params = DrawTextureParams { dest_size: Some(size), source: Some(source), ..Default::default() };
        draw_texture_ex(&self.board[frame.page], middle.x - size.x / 2.0, middle.y - size.y / 2.0, WHITE, params);
    }

    /// The same in a border, with a shadow.
    fn draw_token(&self, folk: Folk, middle: Vec2, side: f32, border: Color) {
        let (corner, edge) = (middle - side / 2.0, side / 18.0);
        draw_rectangle(corner.x, corner.y + edge * 2.0, side + edge, side + edge, Color { a: 0.35, ..BLACK });
        draw_rectangle(corner.x - edge, corner.y - edge, side + 2.0 * edge, side + 2.0 * edge, border);
        self.draw(FOLK[folk as usize], middle, Vec2::splat(side));
    }
}

/// The lantern's light: warm in the middle, and the night around it.
struct Light {
    warm: Texture2D,
    night: Texture2D,
}

impl Light {
    fn new() -> Self {
        let disc = |color: Color, alpha: fn(f32) -> f32| {
            let mut image = Image::gen_image_color(256, 256, BLANK);
            for (x, y) in (0..256).flat_map(|x| (0..256).map(move |y| (x, y))) {
                let away = (vec2(x as f32, y as f32) - 127.5).length() / 127.5;
                image.set_pixel(x, y, Color { a: alpha(away.min(1.0)), ..color });
            }
            Texture2D::from_image(&image)
        };
        Self { warm: disc(GOLD, |away| 0.4 * (1.0 - away).powi(2)), night: disc(NIGHT, |away| 0.82 * away.powi(2)) }
    }

    fn draw(&self, at: Vec2, radius: f32) {
        let (left, top, right, bottom) = (at.x - radius, at.y - radius, at.x + radius, at.y + radius);
        let dark = Color { a: 0.82, ..NIGHT };
        draw_rectangle(0.0, 0.0, SIZE.x, top, dark);
        draw_rectangle(0.0, bottom, SIZE.x, SIZE.y - bottom, dark);
        draw_rectangle(0.0, top, left, bottom - top, dark);
        draw_rectangle(right, top, SIZE.x - right, bottom - top, dark);
        sized(&self.night, at, Vec2::splat(2.0 * radius), WHITE);
        sized(&self.warm, at, Vec2::splat(1.4 * radius), WHITE);
    }
}

struct Game {
    heron: Vec2,
    looks_left: bool,
    trail: Vec<Vec2>,
    waiting: Vec<(Folk, Vec2)>,
    following: Vec<Folk>,
    home: Vec<Folk>,
    oil: f32,
    time: f32,
}

impl Game {
    fn new() -> Self {
        Self {
            heron: HOME * TILE,
            looks_left: true,
            trail: vec![HOME * TILE],
            waiting: WAITING.map(|(folk, place)| (folk, place * TILE)).to_vec(),
            following: Vec::new(),
            home: Vec::new(),
            oil: 1.0,
            time: 0.0,
        }
    }

    fn is_over(&self) -> bool {
        self.oil <= 0.0 || self.home.len() == WAITING.len()
    }

    fn step(&mut self, way: Vec2, seconds: f32) {
        self.time += seconds;
        if self.is_over() {
            return;
        }
        self.oil = (self.oil - seconds / BURNS).max(0.0);
        let wades = tile_at((self.heron / TILE).as_uvec2()) == 0;
        self.heron += way.normalize_or_zero() * if wades { 130.0 } else { 230.0 } * seconds;
        self.heron = self.heron.clamp(Vec2::splat(24.0), vec2(8.0, 5.0) * TILE - 24.0);
        if way.x != 0.0 {
            self.looks_left = way.x < 0.0;
        }
        if self.heron.distance(self.trail[0]) >= MARK {
            self.trail.insert(0, self.heron);
            self.trail.truncate(GAP * (WAITING.len() + 1));
        }
        let heron = self.heron;
        let found = self.waiting.extract_if(.., |(_, place)| place.distance(heron) < TOKEN);
        self.following.extend(found.map(|(folk, _)| folk));
        if heron.distance(HOME * TILE) < TILE / 2.0 && !self.following.is_empty() {
            self.home.append(&mut self.following);
            self.oil = 1.0;
        }
    }

    /// Plays by itself: to whoever is nearest, and home with four of them.
    fn own_way(&self) -> Vec2 {
        let nearest =
            self.waiting.iter().map(|(_, place)| *place - self.heron).min_by(|a, b| a.length().total_cmp(&b.length()));
        nearest.filter(|_| self.following.len() < 4).unwrap_or(HOME * TILE - self.heron)
    }

    fn draw(&self, pictures: &Pictures, light: &Light) {
        clear_background(NIGHT);
        let ground = vec2(0.0, BAR);
        for (x, y) in (0..8).flat_map(|x| (0..5).map(move |y| (x, y))) {
            let middle = (vec2(x as f32, y as f32) + 0.5) * TILE + ground;
            pictures.draw(TILES[tile_at(uvec2(x, y))], middle, Vec2::splat(TILE));
        }
        for (index, (folk, place)) in self.waiting.iter().enumerate() {
            let bob = (self.time * 2.0 + index as f32).sin() * 4.0;
            pictures.draw_token(*folk, *place + ground + vec2(0.0, bob), TOKEN, CREAM);
        }
        for (index, folk) in self.following.iter().enumerate().rev() {
            let place = self.trail[((index + 1) * GAP).min(self.trail.len() - 1)];
            let hop = -8.0 * (self.time * 9.0 + index as f32).sin().abs();
            pictures.draw_token(*folk, place + ground + vec2(0.0, hop), TOKEN, GOLD);
        }
        let at = self.heron + ground;
        let side = if self.looks_left { -1.0 } else { 1.0 };
        let flicker = (self.time * 11.0).sin() * 3.0 + (self.time * 17.0).sin() * 2.0;
        light.draw(at + vec2(side * 48.0, -26.0), 130.0 + 340.0 * self.oil + flicker);
        sized(&light.warm, HOME * TILE + ground, Vec2::splat(260.0), WHITE);
        draw_ellipse(at.x, at.y + 44.0, 34.0, 8.0, 0.0, Color { a: 0.45, ..BLACK });
        let params =
            DrawTextureParams { dest_size: Some(Vec2::splat(112.0)), flip_x: self.looks_left, ..Default::default() };
        draw_texture_ex(&pictures.heron, at.x - 56.0, at.y - 64.0 + (self.time * 6.0).sin() * 2.0, WHITE, params);
        self.draw_bar(pictures);
        if self.is_over() {
            self.draw_end(pictures);
        }
    }

    fn draw_bar(&self, pictures: &Pictures) {
        draw_rectangle(0.0, 0.0, SIZE.x, BAR, NIGHT);
        draw_line(0.0, BAR, SIZE.x, BAR, 2.0, Color { a: 0.5, ..GOLD });
        sized(&pictures.lantern, vec2(34.0, BAR / 2.0), vec2(44.0, 44.0), WHITE);
        draw_rectangle(68.0, 22.0, 200.0, 12.0, Color { a: 0.18, ..GOLD });
        draw_rectangle(68.0, 22.0, 200.0 * self.oil, 12.0, if self.oil < 0.25 { ORANGE } else { GOLD });
        let hint = if cfg!(debug_assertions) { "ARROWS  walk      R  read the pictures anew" } else { "ARROWS  walk" };
        words(hint, vec2(SIZE.x / 2.0, 33.0), 16.0, Color { a: 0.7, ..CREAM });
        let all = self.home.iter().chain(&self.following).chain(self.waiting.iter().map(|(folk, _)| folk));
        for (index, folk) in all.enumerate() {
            let place = vec2(SIZE.x - 24.0 - 38.0 * (WAITING.len() - 1 - index) as f32, BAR / 2.0);
            let (frame, fade) = match index {
                _ if index < self.home.len() => (GOLD, 0.0),
                _ if index < self.home.len() + self.following.len() => (CREAM, 0.3),
                _ => (Color { a: 0.25, ..CREAM }, 0.75),
            };
            pictures.draw_token(*folk, place, 28.0, frame);
            draw_rectangle(place.x - 14.0, place.y - 14.0, 28.0, 28.0, Color { a: fade, ..NIGHT });
        }
    }

    fn draw_end(&self, pictures: &Pictures) {
        draw_rectangle(0.0, BAR + 1.0, SIZE.x, SIZE.y, Color { a: 0.75, ..NIGHT });
        let middle = SIZE / 2.0;
        let won = self.oil > 0.0;
        if won {
            draw_rectangle(middle.x - 196.0, middle.y - 136.0, 392.0, 200.0, GOLD);
            sized(&pictures.supper, middle - vec2(0.0, 36.0), vec2(384.0, 192.0), WHITE);
        }
        let what = if won { "Everybody is home." } else { "The lantern is out." };
        words(what, middle + vec2(0.0, 116.0), 32.0, CREAM);
        words("SPACE  another night", middle + vec2(0.0, 148.0), 16.0, GOLD);
    }
}

fn tile_at(tile: UVec2) -> usize {
    let letter = BOARD[tile.y as usize].as_bytes()[tile.x as usize];
    b"wmrpb".iter().position(|known| *known == letter).expect("the board has letters of tiles only")
}

/// A picture of this size around a point.
fn sized(texture: &Texture2D, middle: Vec2, size: Vec2, color: Color) {
    let params = DrawTextureParams { dest_size: Some(size), ..Default::default() };
    draw_texture_ex(texture, middle.x - size.x / 2.0, middle.y - size.y / 2.0, color, params);
}

fn words(text: &str, middle: Vec2, size: f32, color: Color) {
    draw_text(text, middle.x - measure_text(text, None, size as u16, 1.0).width / 2.0, middle.y, size, color);
}

fn arrows() -> Vec2 {
    let key = |code| if is_key_down(code) { 1.0 } else { 0.0 };
    vec2(key(KeyCode::Right) - key(KeyCode::Left), key(KeyCode::Down) - key(KeyCode::Up))
}

/// `--screenshot FILE [--frames N]`: plays so many frames by itself, and writes what is then to be seen.
fn screenshot() -> Option<(String, u32)> {
    let after = |flag: &str| std::env::args().skip_while(|argument| argument != flag).nth(1);
    let frames = after("--frames").map_or(240, |frames| frames.parse().expect("--frames takes a number"));
    Some((after("--screenshot")?, frames))
}

fn window() -> Conf {
    fn pixels<const N: usize>(width: u32) -> [u8; N] {
        let picture = Image::from_file_with_format(&images::LANTERN.at_least(width).bytes(), None);
        picture.ok().and_then(|image| image.bytes.try_into().ok()).unwrap_or([0; N])
    }
    Conf {
        window_title: "Lantern Marsh".to_string(),
        window_width: SIZE.x as i32,
        window_height: SIZE.y as i32,
        window_resizable: false,
        icon: Some(Icon { small: pixels(16), medium: pixels(32), big: pixels(64) }),
        platform: Platform { swap_interval: screenshot().map(|_| 0), ..Default::default() },
        ..Default::default()
    }
}

#[macroquad::main(window)]
async fn main() {
    let (mut game, mut pictures, light) = (Game::new(), Pictures::read(), Light::new());
    if let Some((file, frames)) = screenshot() {
        (0..frames).for_each(|_| game.step(game.own_way(), 1.0 / 60.0));
        game.draw(&pictures, &light);
        return get_screen_data().export_png(&file);
    }
    loop {
        game.step(arrows(), get_frame_time().min(0.05));
        if is_key_pressed(KeyCode::R) {
            pictures = Pictures::read();
        }
        if is_key_pressed(KeyCode::Space) && game.is_over() {
            game = Game::new();
        }
        game.draw(&pictures, &light);
        next_frame().await;
    }
}
