//! What is written on a placeholder, how large and where.
//!
//! Three sizes of the same poster: a card with captions in its corners, a card without, and a label of a word or two.
//! It must not know about colours or patterns.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "sides are at most 16,384, and lines are few"
)]

use crate::provider::placeholder::Placeholder;
use crate::provider::placeholder::palette::FULL;
use crate::provider::placeholder::raster::{Canvas, Paint, Path};
use crate::provider::placeholder::text::{CAPITAL, DESCENT, Line, Text, Weight, Wrapped};

/// The ink of what is only said in passing; palettes keep even this readable.
pub(crate) const FAINT: u8 = 11;
/// Corner marks needn't be read.
const MARKS: u8 = 7;
/// The side from which there are captions, and from which there is a prompt.
const CAPTIONS_FROM: f32 = 128.0;
const CARD_FROM: f32 = 96.0;
/// Smallest sizes of letters, in pixels: for a card's name; for a label's whole name, its last part, initials.
const SMALLEST_NAME: f32 = 9.5;
const SMALLEST_WHOLE_LABEL: f32 = 11.5;
const SMALLEST_LABEL: f32 = 8.5;
const SMALLEST_INITIALS: f32 = 6.5;
/// From line to line, in sizes of letters.
const NAME_LEADING: f32 = 1.12;
const PROMPT_LEADING: f32 = 1.4;
/// The longest comfortable line of a prompt, in sizes of letters.
const MEASURE: f32 = 38.0;
/// From one size that is tried to the next.
const SMALLER: f32 = 0.95;

/// A rectangle to write in, in pixels.
#[derive(Clone, Copy)]
struct Area {
    left: f32,
    top: f32,
    width: f32,
    height: f32,
}

/// A text that has found its size.
struct Block {
    text: Text,
    lines: Vec<Line>,
    size: f32,
    leading: f32,
    /// A word had to be broken where words don't break.
    torn: bool,
}

/// How a text may be set.
#[derive(Clone, Copy)]
struct Style {
    largest: f32,
    smallest: f32,
    leading: f32,
    /// The longest line, in sizes of letters.
    measure: f32,
}

/// Writes on a canvas what fits on it.
pub(crate) fn write(canvas: &mut Canvas, placeholder: &Placeholder<'_>) {
    let (width, height) = (canvas.width as f32, canvas.height as f32);
    let (short, long) = (width.min(height), width.max(height));
    let scale = (short * long.min(2.5 * short)).sqrt();
    let margin = if short < CARD_FROM { short * 0.06 } else { (scale * 0.06).max(short * 0.08) }.round().max(1.0);
    let mut area = Area { left: margin, top: margin, width: width - 2.0 * margin, height: height - 2.0 * margin };
    let caption = (4.0 + scale * 0.0205).max(9.0);
    if short >= CAPTIONS_FROM {
        corner_marks(canvas, margin, scale);
        captions(canvas, placeholder, area, caption);
        let (above, below) = ((caption * 1.9).round(), (caption * 2.1).round());
        area = Area { top: area.top + above, height: area.height - above - below, ..area };
    }
    if short >= CARD_FROM || (height >= 48.0 && width >= 160.0) {
        card(canvas, placeholder, area, scale, caption);
    } else {
        label(canvas, placeholder.name, area, short);
    }
}

/// Right angles in the four corners, as a photographer's corners hold a print.
fn corner_marks(canvas: &mut Canvas, margin: f32, scale: f32) {
    let (inset, arm) = ((margin * 0.5).round(), (margin * 0.45).round());
    let line = (scale * 0.0018).round().max(1.0);
    let (right, bottom) = (canvas.width as f32 - inset, canvas.height as f32 - inset);
    let mut path = Path::default();
    for (x, inward) in [(inset, 0.0), (right, 1.0)] {
        for (y, upward) in [(inset, 0.0), (bottom, 1.0)] {
            path.rectangle(x - inward * arm, y - upward * line, arm, line);
            path.rectangle(x - inward * line, y - upward * arm, line, arm);
        }
    }
    canvas.fill(&path, Paint::Ink(MARKS));
}

/// What it is and which take along the top; which size along the bottom.
fn captions(canvas: &mut Canvas, placeholder: &Placeholder<'_>, area: Area, size: f32) {
    let take = if placeholder.take > 1 { format!("take {}", placeholder.take) } else { String::new() };
    let (take, kind) = (Text::new(Weight::Regular, &take), Text::new(Weight::Regular, "placeholder"));
    let dimensions = Text::new(Weight::Regular, &dimensions(placeholder.width, placeholder.height));
    let (top, bottom) = ((area.top + size * CAPITAL).round(), (area.top + area.height).round());
    let take_width = take.width(&take.line(), size);
    let right = area.left + area.width - take_width;
    ink(canvas, &take, &take.line(), (right, top), size, FAINT);
    if kind.width(&kind.line(), size) + size + take_width <= area.width {
        ink(canvas, &kind, &kind.line(), (area.left, top), size, FAINT);
    }
    ink(canvas, &dimensions, &dimensions.line(), (area.left, bottom), size, FAINT);
}

/// `1024 × 768 · 4:3`, or `1000 × 333 · 3.00:1` where whole numbers wouldn't say more than the size itself.
fn dimensions(width: u32, height: u32) -> String {
    let (mut divisor, mut rest) = (width, height);
    while rest > 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    let (across, down) = (width / divisor, height / divisor);
    let hundredths = |long: u32, short: u32| {
        let times = (u64::from(long) * 100 + u64::from(short) / 2) / u64::from(short);
        format!("{}.{:02}", times / 100, times % 100)
    };
    let ratio = if across.max(down) <= 32 {
        format!("{across}:{down}")
    } else if across >= down {
        format!("{}:1", hundredths(across, down))
    } else {
        format!("1:{}", hundredths(down, across))
    };
    format!("{width} × {height} · {ratio}")
}

/// The name and, under it or beside it, the prompt.
fn card(canvas: &mut Canvas, placeholder: &Placeholder<'_>, area: Area, scale: f32, smallest: f32) {
    let beside = area.width > 3.6 * area.height;
    let (name, prompt) = compose(placeholder, area, beside, scale, smallest);
    let (name_top, prompt_left, prompt_top) = if beside {
        let lower = (name.size - prompt.size).max(0.0) * CAPITAL;
        let top = area.top + (area.height - name.height().max(lower + prompt.height())) / 2.0;
        (top, area.left + name.width() + name.size, top + lower)
    } else {
        // At the bottom, with the pattern's room above.
        let prompt_top = area.top + area.height - prompt.height();
        let gap = if prompt.lines.is_empty() { 0.0 } else { gap(&name, prompt.size) };
        (prompt_top - gap - name.height(), area.left, prompt_top)
    };
    for (index, line) in name.lines.iter().enumerate() {
        write_name(canvas, &name, line, (area.left, name.baseline(name_top, index)), placeholder.name);
    }
    for (index, line) in prompt.lines.iter().enumerate() {
        ink(canvas, &prompt.text, line, (prompt_left, prompt.baseline(prompt_top, index)), prompt.size, FULL);
    }
}

/// Sizes of name and prompt. For a prompt that would be cut the name makes room, down to a point.
fn compose(placeholder: &Placeholder<'_>, area: Area, beside: bool, scale: f32, smallest: f32) -> (Block, Block) {
    let no_prompt = placeholder.prompt.trim().is_empty();
    let name_room = match beside {
        _ if no_prompt => (area.width, area.height),
        true => (area.width * 0.36, area.height),
        false => (area.width, area.height * 0.52),
    };
    let mut share = 1.0;
    loop {
        let largest = (scale * if beside { 0.15 } else { 0.125 } * share).max(smallest * 1.4);
        let name = Block::fit(Text::new(Weight::Bold, placeholder.name), name_room, name_style(largest, SMALLEST_NAME));
        let largest = (scale * if beside { 0.06 } else { 0.046 }).min(name.size * 0.7).max(smallest);
        let style = Style { largest, smallest, leading: PROMPT_LEADING, measure: MEASURE };
        let prompt_room = if beside {
            (area.width - name.width() - name.size, area.height - (name.size - largest).max(0.0) * CAPITAL)
        } else {
            (area.width, area.height - name.height() - gap(&name, largest))
        };
        let prompt = Block::fit(Text::new(Weight::Regular, placeholder.prompt), prompt_room, style);
        if !prompt.is_cut() || share < 0.7 {
            return (name, prompt);
        }
        share -= 0.2;
    }
}

/// Between name and prompt.
fn gap(name: &Block, prompt_size: f32) -> f32 {
    (name.size * 0.26).max(prompt_size * 0.5)
}

/// How names are set.
fn name_style(largest: f32, smallest: f32) -> Style {
    Style { largest, smallest, leading: NAME_LEADING, measure: f32::MAX }
}

/// The folders of a name are fainter than its last part.
fn write_name(canvas: &mut Canvas, name: &Block, line: &Line, (x, baseline): (f32, f32), whole: &str) {
    let folders = match whole.trim_end_matches('/').rfind('/') {
        Some(end) => Text::new(Weight::Bold, &whole[..=end]).line().letters.end,
        None => 0,
    };
    let split = folders.clamp(line.letters.start, line.letters.end);
    let faint = Line { letters: line.letters.start..split, ellipsis: false };
    let rest = Line { letters: split..line.letters.end, ellipsis: line.ellipsis };
    ink(canvas, &name.text, &faint, (x, baseline), name.size, FAINT);
    let x = x + name.text.width(&faint, name.size);
    ink(canvas, &name.text, &rest, (x, baseline), name.size, FULL);
}

/// As much of the name as can be read: all of it, its last part, initials, one initial, nothing.
fn label(canvas: &mut Canvas, name: &str, area: Area, short: f32) {
    let last = name.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let initials = initials(last);
    let initial: String = initials.chars().take(1).collect();
    let choices = [
        (name, SMALLEST_WHOLE_LABEL),
        (last, SMALLEST_LABEL),
        (&initials, SMALLEST_INITIALS),
        (&initial, SMALLEST_INITIALS),
    ];
    for (text, smallest) in choices {
        let style = name_style((short * 0.42).min(40.0), smallest);
        let block = Block::fit(Text::new(Weight::Bold, text), (area.width, area.height), style);
        if !block.torn && !block.is_cut() && block.height() <= area.height && block.size >= smallest {
            let top = area.top + (area.height - block.height() + block.size * DESCENT) * 0.5;
            for (index, line) in block.lines.iter().enumerate() {
                let left = area.left + (area.width - block.text.width(line, block.size)) / 2.0;
                write_name(canvas, &block, line, (left, block.baseline(top, index)), text);
            }
            return;
        }
    }
}

/// The first letters of the first two words, or of the only word: `BP` for button-primary, `SW` for sword.
fn initials(name: &str) -> String {
    let words: Vec<&str> = name.split(|letter: char| !letter.is_alphanumeric()).filter(|it| !it.is_empty()).collect();
    let initials: String = match words[..] {
        [] => name.chars().take(1).collect(),
        [only] => only.chars().take(2).collect(),
        [first, second, ..] => first.chars().take(1).chain(second.chars().take(1)).collect(),
    };
    initials.to_ascii_uppercase()
}

impl Block {
    /// The best of all sizes: the largest, unless a somewhat smaller one breaks fewer words.
    fn fit(text: Text, (width, height): (f32, f32), style: Style) -> Block {
        let mut best: Option<(f32, f32, Wrapped)> = None;
        let mut size = style.largest;
        loop {
            let spare = (height - size * (CAPITAL + DESCENT)) / (size * style.leading);
            let wrapped = text.wrap(width.min(style.measure * size), size, 1 + spare.max(0.0) as usize);
            let worth = size * beauty(&wrapped);
            if best.as_ref().is_none_or(|best| best.0 < worth) {
                best = Some((worth, size, wrapped));
            }
            if size <= style.smallest || best.as_ref().is_some_and(|best| best.0 >= size * SMALLER) {
                break;
            }
            size = (size * SMALLER).max(style.smallest);
        }
        let (_, size, wrapped) = best.expect("the loop tries at least one size");
        let torn = wrapped.torn > 0;
        Block { lines: balanced(&text, wrapped, size), text, torn, size, leading: style.leading }
    }

    /// Whether some of the text is left out.
    fn is_cut(&self) -> bool {
        self.lines.last().is_some_and(|last| last.ellipsis)
    }

    /// Of the longest line, in pixels.
    fn width(&self) -> f32 {
        self.lines.iter().map(|line| self.text.width(line, self.size)).fold(0.0, f32::max)
    }

    /// From the top of the first line's capitals to what hangs below the last line.
    fn height(&self) -> f32 {
        match self.lines.len() {
            0 => 0.0,
            lines => self.size * (CAPITAL + DESCENT + (lines - 1) as f32 * self.leading),
        }
    }

    /// On whole pixels, which makes small letters crisper.
    fn baseline(&self, top: f32, line: usize) -> f32 {
        (top + self.size * (CAPITAL + line as f32 * self.leading)).round()
    }
}

/// What share of its size a text is worth when it is broken like this.
fn beauty(wrapped: &Wrapped) -> f32 {
    let times = |count: usize, share: f32| (0..count.min(8)).fold(1.0, |product: f32, _| product * share);
    let left_out = if wrapped.cut { 0.01 } else { 1.0 };
    left_out * times(wrapped.slashes, 0.75) * times(wrapped.hyphens, 0.66) * times(wrapped.torn, 0.4)
}

/// The same number of lines, about equally long, so that no last word stands alone.
fn balanced(text: &Text, wrapped: Wrapped, size: f32) -> Vec<Line> {
    let beauty_before = beauty(&wrapped);
    let mut lines = wrapped.lines;
    let longest = |lines: &[Line]| lines.iter().map(|line| text.width(line, size)).fold(0.0, f32::max);
    while (2..8).contains(&lines.len()) && !wrapped.cut {
        let narrower = text.wrap(longest(&lines) - size * 0.1, size, lines.len());
        if beauty(&narrower) < beauty_before || longest(&narrower.lines) >= longest(&lines) {
            break;
        }
        lines = narrower.lines;
    }
    lines
}

/// Writes one line.
fn ink(canvas: &mut Canvas, text: &Text, line: &Line, at: (f32, f32), size: f32, amount: u8) {
    let mut path = Path::default();
    text.outline(line, at, size, &mut path);
    canvas.fill(&path, Paint::Ink(amount));
}
