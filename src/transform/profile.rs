//! From the colours that a file's profile means to sRGB, which is what files without a profile are taken for.
//!
//! Must not know of files or settings. Profiles are read by a library; what it computes with differs by processor, so that
//! pixels go through whole-numbered tables here. Those are for profiles of three curves and a matrix (Display P3, Adobe RGB,
//! ProPhoto), and of one curve (grey).

use moxcms::{ColorProfile, DataColorSpace};

use crate::transform::light::{FULL, light, stored};
use crate::transform::pixels::Pixels;

/// Factors are in units of one to so many bits.
const BITS: u32 = 12;
const HALF: i32 = 1 << (BITS - 1);

/// What a profile says of a picture's colours.
pub(crate) enum Profile {
    /// Nothing else than that they are sRGB, to what can be seen.
    Srgb,
    /// How they become sRGB.
    Other(Box<Conversion>),
    /// Something that isn't understood here.
    Unknown,
}

/// How stored values become those of sRGB.
pub(crate) struct Conversion {
    /// The light of each channel's values.
    curves: [[i32; 256]; 3],
    /// Of each channel of sRGB, how much each of the profile's counts.
    matrix: [[i32; 3]; 3],
}

impl Profile {
    /// Reads an ICC profile.
    pub(crate) fn read(icc: &[u8]) -> Self {
        match ColorProfile::new_from_slice(icc).ok().and_then(|profile| Conversion::of(&profile)) {
            None => Self::Unknown,
            Some(conversion) if conversion.changes_nothing() => Self::Srgb,
            Some(conversion) => Self::Other(Box::new(conversion)),
        }
    }
}

impl Conversion {
    fn of(profile: &ColorProfile) -> Option<Self> {
        if profile.color_space == DataColorSpace::Gray {
            let curve = curve(&*profile.build_gray_linearize_table::<u8, 256, 8>().ok()?);
            let one = 1 << BITS;
            return Some(Self { curves: [curve; 3], matrix: [[one, 0, 0], [0, one, 0], [0, 0, one]] });
        }
        if !profile.is_matrix_shaper() {
            return None;
        }
        let red = profile.build_r_linearize_table::<u8, 256, 8>(false).ok()?;
        let green = profile.build_g_linearize_table::<u8, 256, 8>(false).ok()?;
        let blue = profile.build_b_linearize_table::<u8, 256, 8>(false).ok()?;
        let matrix = profile.transform_matrix(&ColorProfile::new_srgb()).v;
        if matrix.as_flattened().iter().any(|factor| factor.is_nan() || factor.abs() >= 8.0) {
            return None;
        }
        Some(Self { curves: [curve(&*red), curve(&*green), curve(&*blue)], matrix: matrix.map(|row| row.map(fixed)) })
    }

    fn changes_nothing(&self) -> bool {
        let some = || (0..=u8::MAX).step_by(15);
        let is_same =
            |colour: [u8; 3]| self.convert(colour).iter().zip(colour).all(|(now, was)| now.abs_diff(was) <= 1);
        some().all(|red| some().all(|green| some().all(|blue| is_same([red, green, blue]))))
    }

    fn convert(&self, colour: [u8; 3]) -> [u8; 3] {
        let [red, green, blue] = [0, 1, 2].map(|channel| self.curves[channel][usize::from(colour[channel])]);
        self.matrix.map(|[of_red, of_green, of_blue]| {
            let sum = (red * of_red + green * of_green + blue * of_blue + HALF) >> BITS;
            stored(u16::try_from(sum.clamp(0, i32::from(FULL))).unwrap_or(FULL))
        })
    }

    /// The pixels in sRGB; their alpha stays.
    pub(crate) fn apply(&self, mut pixels: Pixels) -> Pixels {
        let channels = pixels.channels();
        let mut last = ([0; 3], self.convert([0; 3]));
        for pixel in pixels.bytes.chunks_exact_mut(channels) {
            let colour = [pixel[0], pixel[1], pixel[2]];
            if colour != last.0 {
                last = (colour, self.convert(colour));
            }
            pixel[..3].copy_from_slice(&last.1);
        }
        pixels
    }
}

#[expect(clippy::cast_possible_truncation, reason = "less than eight")]
fn fixed(factor: f64) -> i32 {
    (factor * f64::from(1 << BITS) + 0.5).floor() as i32
}

/// A curve of 256 lights from 0 to 1. One that is sRGB's, but for its own roundings, is just that.
#[expect(clippy::cast_possible_truncation, reason = "clamped to fifteen bits")]
fn curve(table: &[f32]) -> [i32; 256] {
    let exact = |value: usize| (f64::from(table[value].clamp(0.0, 1.0)) * f64::from(FULL) + 0.5).floor() as i32;
    let srgb: [i32; 256] = std::array::from_fn(|value| i32::from(light(u8::try_from(value).unwrap_or(u8::MAX))));
    let is_srgb = (0..256).all(|value| (exact(value) - srgb[value]).abs() <= 2);
    if is_srgb { srgb } else { std::array::from_fn(exact) }
}

#[cfg(test)]
mod tests {
    use moxcms::ColorProfile;

    use crate::transform::pixels::Pixels;
    use crate::transform::profile::Profile;

    fn converted(profile: &ColorProfile, colour: &[u8]) -> Vec<u8> {
        let Profile::Other(conversion) = Profile::read(&profile.encode().unwrap()) else { panic!("another space") };
        let pixels = Pixels { width: 1, height: 1, has_alpha: colour.len() == 4, bytes: colour.to_vec() };
        conversion.apply(pixels).bytes
    }

    #[test]
    fn srgb_under_any_name_changes_nothing() {
        assert!(matches!(Profile::read(&ColorProfile::new_srgb().encode().unwrap()), Profile::Srgb));
    }

    #[test]
    fn colours_become_what_they_mean() {
        // By the published matrices of both spaces: what lies beyond sRGB is cut off.
        let p3 = ColorProfile::new_display_p3();
        for (colour, expected) in [
            ([255, 255, 255], [255, 255, 255]),
            ([0, 0, 0], [0, 0, 0]),
            ([128, 128, 128], [128, 128, 128]),
            ([255, 0, 0], [255, 0, 0]),
            ([200, 120, 60], [213, 115, 42]),
        ] {
            let found = converted(&p3, &colour);
            assert!(found.iter().zip(expected).all(|(one, other)| one.abs_diff(other) <= 1), "{colour:?}: {found:?}");
        }
        let adobe = converted(&ColorProfile::new_adobe_rgb(), &[128, 128, 128]);
        assert!(adobe.iter().all(|value| value.abs_diff(129) <= 1), "{adobe:?}");
        assert_eq!(converted(&p3, &[255, 255, 255, 77]), [255, 255, 255, 77]);
    }

    #[test]
    fn grey_has_one_curve() {
        // Half the value at a gamma of 1.8 is brighter than at sRGB's.
        let grey = converted(&ColorProfile::new_gray_with_gamma(1.8), &[128, 128, 128]);
        assert!(grey.iter().all(|value| (144..152).contains(value)), "{grey:?}");
    }

    #[test]
    fn what_is_no_profile_is_not_understood() {
        let whole = ColorProfile::new_display_p3().encode().unwrap();
        assert!(matches!(Profile::read(&[]), Profile::Unknown));
        for length in 0..whole.len() {
            let _ = Profile::read(&whole[..length]);
        }
        for position in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[position] ^= 0x55;
            if let Profile::Other(conversion) = Profile::read(&damaged) {
                conversion.convert([255, 0, 99]);
            }
        }
    }
}
