//! DEFLATE for pictures of flat areas: runs, rows that repeat the row above, and one block of dynamic Huffman codes.
//!
//! It must not know about PNG. A decoder can't tell it from any other compressor; a golden test can, so it never changes.

use std::ops::Range;

/// The longest match the format can express; a shorter one than `SHORTEST` isn't worth its distance.
const LONGEST: usize = 258;
const SHORTEST: usize = 4;
/// How far back a match may reach.
const WINDOW: usize = 32_768;
/// The symbol that ends a block; length symbols follow it.
const END: usize = 256;

const LENGTH_BASES: [u16; 29] =
    [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const DISTANCE_BASES: [u16; 30] = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
    8193, 12289, 16385, 24577,
];
/// The order in which a block's header gives the lengths of the codes that its code lengths are written in.
const HEADER_ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// A byte as it is (distance 0), or a copy of `length` bytes from `distance` back.
#[derive(Clone, Copy)]
struct Token {
    length: u16,
    distance: u16,
}

/// Appends `data`, compressed, to `stream`. Matches are sought right behind and around `row_length` bytes behind.
pub(crate) fn compress(data: &[u8], row_length: usize, stream: &mut Vec<u8>) {
    let tokens = tokens(data, row_length);
    let mut literals = [0_u32; 286];
    let mut distances = [0_u32; 30];
    literals[END] = 1;
    for token in &tokens {
        literals[usize::from(token.symbol())] += 1;
        if token.distance > 0 {
            distances[place(&DISTANCE_BASES, token.distance)] += 1;
        }
    }
    let (literals, distances) = (Codes::new(&literals, 15), Codes::new(&distances, 15));
    let mut bits = Bits { stream, pending: 0, count: 0 };
    bits.header(&literals, &distances);
    for token in &tokens {
        bits.token(*token, &literals, &distances);
    }
    bits.code(&literals, END);
    bits.finish();
}

fn tokens(data: &[u8], row_length: usize) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(data.len() / 32 + 64);
    let mut position = 0;
    while position < data.len() {
        let token = longest_match(data, position, row_length)
            .unwrap_or(Token { length: u16::from(data[position]), distance: 0 });
        position += if token.distance > 0 { usize::from(token.length) } else { 1 };
        tokens.push(token);
    }
    tokens
}

/// The longest of a run, a copy of the row above and a copy of the row above moved by a pixel (a slanted edge).
fn longest_match(data: &[u8], position: usize, row_length: usize) -> Option<Token> {
    let (mut best, mut best_distance) = (SHORTEST - 1, 0);
    for distance in [1, row_length, row_length + 1, row_length - 1, 2 * row_length] {
        if best < LONGEST && distance <= position.min(WINDOW) {
            let length = common_length(&data[position - distance..], &data[position..]);
            if length > best {
                (best, best_distance) = (length, distance);
            }
        }
    }
    let token = Token { length: u16::try_from(best).ok()?, distance: u16::try_from(best_distance).ok()? };
    (token.distance > 0).then_some(token)
}

fn common_length(earlier: &[u8], later: &[u8]) -> usize {
    let end = later.len().min(LONGEST);
    let (earlier, later) = (&earlier[..end], &later[..end]);
    let alike =
        earlier.chunks_exact(16).zip(later.chunks_exact(16)).take_while(|(one, other)| one == other).count() * 16;
    alike + earlier[alike..].iter().zip(&later[alike..]).take_while(|(one, other)| one == other).count()
}

/// Which of the ascending `bases` a value is counted from.
fn place(bases: &[u16], value: u16) -> usize {
    bases.partition_point(|&base| base <= value) - 1
}

impl Token {
    fn symbol(self) -> u16 {
        if self.distance == 0 {
            return self.length;
        }
        let length = place(&LENGTH_BASES, self.length);
        u16::try_from(END + 1 + length).expect("there are 29 lengths")
    }
}

/// A canonical Huffman code: per symbol its length in bits (0: unused) and its bits, already in writing order.
struct Codes {
    lengths: Vec<u8>,
    bits: Vec<u16>,
}

impl Codes {
    fn new(counts: &[u32], longest: u8) -> Codes {
        let mut counts = counts.to_vec();
        let mut lengths = code_lengths(&counts);
        while lengths.iter().any(|&length| length > longest) {
            // Evening out the counts flattens the tree; a few bits lost in a case that hardly occurs.
            counts.iter_mut().filter(|count| **count > 0).for_each(|count| *count = *count / 2 + 1);
            lengths = code_lengths(&counts);
        }
        let bits = canonical(&lengths);
        Codes { lengths, bits }
    }

    /// How many lengths must be written: all but unused symbols at the end.
    fn used(&self, least: usize) -> usize {
        self.lengths.iter().rposition(|&length| length > 0).map_or(least, |last| (last + 1).max(least))
    }
}

/// The depth of every symbol in a Huffman tree; ties go to the lower symbol, then to the older node.
fn code_lengths(counts: &[u32]) -> Vec<u8> {
    let mut lengths = vec![0; counts.len()];
    let mut leaves: Vec<usize> = (0..counts.len()).filter(|&symbol| counts[symbol] > 0).collect();
    if let [only] = leaves[..] {
        lengths[only] = 1;
    }
    if leaves.len() < 2 {
        return lengths;
    }
    leaves.sort_by_key(|&symbol| (counts[symbol], symbol));
    let mut weights: Vec<u64> = leaves.iter().map(|&symbol| u64::from(counts[symbol])).collect();
    let parents = join(&mut weights, leaves.len());
    let mut depths = vec![0_u8; parents.len() + 1];
    for node in (0..parents.len()).rev() {
        depths[node] = depths[parents[node]] + 1;
    }
    for (node, &symbol) in leaves.iter().enumerate() {
        lengths[symbol] = depths[node];
    }
    lengths
}

/// Joins the two lightest nodes until one is left, and gives every node's parent. Leaves come first, lightest first.
fn join(weights: &mut Vec<u64>, leaves: usize) -> Vec<usize> {
    let mut parents = Vec::with_capacity(2 * leaves);
    parents.resize(2 * leaves - 2, 0);
    let (mut leaf, mut joint) = (0, leaves);
    for parent in leaves..2 * leaves - 1 {
        let mut sum = 0;
        for _ in 0..2 {
            let from_leaves = leaf < leaves && (joint >= parent || weights[leaf] <= weights[joint]);
            let next = if from_leaves { &mut leaf } else { &mut joint };
            sum += weights[*next];
            parents[*next] = parent;
            *next += 1;
        }
        weights.push(sum);
    }
    parents
}

/// The bits of each code, from the lengths alone, as a decoder works them out; reversed, for they are written last first.
fn canonical(lengths: &[u8]) -> Vec<u16> {
    let mut bits = vec![0; lengths.len()];
    let mut next = 0_u16;
    for length in 1..=15 {
        next <<= 1;
        for (symbol, _) in lengths.iter().enumerate().filter(|&(_, &of)| of == length) {
            bits[symbol] = next.reverse_bits() >> (16 - length);
            next += 1;
        }
    }
    bits
}

/// A repeated code length and how often: what the header writes.
fn runs(lengths: &[u8]) -> Vec<(u8, usize)> {
    lengths.chunk_by(|one, other| one == other).map(|run| (run[0], run.len())).collect()
}

/// Splits a run into header symbols, each with its extra bits and how many those are.
fn run_symbols((length, mut times): (u8, usize), symbols: &mut Vec<(usize, u32, u8)>) {
    let (zeros, repeats): (Range<usize>, Range<usize>) = (3..139, 3..7);
    if length > 0 {
        symbols.push((usize::from(length), 0, 0));
        times -= 1;
    }
    while times > 0 {
        let (symbol, extra_bits, at_least, taken) = match length {
            0 if times >= 11 => (18, 7, 11, times.min(zeros.end - 1)),
            0 if zeros.contains(&times) => (17, 3, 3, times),
            1.. if times >= repeats.start => (16, 2, 3, times.min(repeats.end - 1)),
            plain => (usize::from(plain), 0, 1, 1),
        };
        symbols.push((symbol, u32::try_from(taken - at_least).expect("at most 127"), extra_bits));
        times -= taken;
    }
}

/// Writes bits, the lowest first.
struct Bits<'a> {
    stream: &'a mut Vec<u8>,
    pending: u64,
    count: u8,
}

impl Bits<'_> {
    fn write(&mut self, value: u32, bits: u8) {
        self.pending |= u64::from(value) << self.count;
        self.count += bits;
        while self.count >= 8 {
            self.stream.push(self.pending.to_le_bytes()[0]);
            self.pending >>= 8;
            self.count -= 8;
        }
    }

    fn code(&mut self, codes: &Codes, symbol: usize) {
        self.write(u32::from(codes.bits[symbol]), codes.lengths[symbol]);
    }

    fn token(&mut self, token: Token, literals: &Codes, distances: &Codes) {
        self.code(literals, usize::from(token.symbol()));
        if token.distance > 0 {
            self.extra(&LENGTH_BASES, token.length, 259);
            self.code(distances, place(&DISTANCE_BASES, token.distance));
            self.extra(&DISTANCE_BASES, token.distance, 32_769);
        }
    }

    /// How far a value is above its base, in as many bits as there is room below the next base.
    fn extra(&mut self, bases: &[u16], value: u16, end: u16) {
        let place = place(bases, value);
        let room = match bases.get(place + 1) {
            // The longest length has a symbol of its own, so the range before it misses one value.
            Some(&258) => 32,
            Some(next) => next - bases[place],
            None => end - bases[place],
        };
        let bits = u8::try_from(room.ilog2()).expect("at most 15");
        self.write(u32::from(value - bases[place]), bits);
    }

    /// The start of the one block: final, dynamic, and the lengths of both codes.
    fn header(&mut self, literals: &Codes, distances: &Codes) {
        let (literal_count, distance_count) = (literals.used(257), distances.used(1));
        let lengths = [&literals.lengths[..literal_count], &distances.lengths[..distance_count]].concat();
        let mut symbols = Vec::new();
        for run in runs(&lengths) {
            run_symbols(run, &mut symbols);
        }
        let mut counts = [0; 19];
        for &(symbol, ..) in &symbols {
            counts[symbol] += 1;
        }
        let codes = Codes::new(&counts, 7);
        let used =
            HEADER_ORDER.iter().rposition(|&symbol| codes.lengths[symbol] > 0).map_or(4, |last| (last + 1).max(4));
        self.write(0b101, 3);
        for (count, least, bits) in [(literal_count, 257, 5), (distance_count, 1, 5), (used, 4, 4)] {
            self.write(u32::try_from(count - least).expect("at most 29"), bits);
        }
        HEADER_ORDER[..used].iter().for_each(|&symbol| self.write(u32::from(codes.lengths[symbol]), 3));
        for (symbol, extra, bits) in symbols {
            self.code(&codes, symbol);
            self.write(extra, bits);
        }
    }

    fn finish(&mut self) {
        if self.count > 0 {
            self.write(0, 8 - self.count);
        }
    }
}
