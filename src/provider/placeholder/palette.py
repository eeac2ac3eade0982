"""Prints the rows of palette.rs: 24 hues in four moods, mixed in OKLCH, each [base, shade, ink].

The arithmetic stays out of the program: `cos` and cube roots differ in their last bit between machines.
"""
from math import cos, pi, sin

#        base L, C    shade L, C   ink L, C     how far the shade's hue turns away from the base's
MOODS = [
    ((0.920, 0.045), (0.862, 0.064), (0.270, 0.055), 24),  # paper
    ((0.800, 0.072), (0.742, 0.082), (0.200, 0.045), 24),  # mist
    ((0.440, 0.084), (0.386, 0.084), (0.980, 0.012), 26),  # cloth
    ((0.325, 0.056), (0.268, 0.060), (0.945, 0.030), 22),  # night
]


def linear(lightness, chroma, hue):
    a, b = chroma * cos(hue * pi / 180), chroma * sin(hue * pi / 180)
    l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
        -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
        -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
    )


def colour(lightness, chroma, hue):
    """As hexadecimal sRGB, with as much of the chroma as sRGB can show."""
    while not all(0 <= channel <= 1 for channel in linear(lightness, chroma, hue)):
        chroma -= 0.001
    encode = lambda c: 12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055
    return "0x" + "".join(f"{round(255 * encode(c)):02x}" for c in linear(lightness, chroma, hue))


for base, shade, ink, turn in MOODS:
    for hue in range(0, 360, 15):
        row = colour(*base, hue), colour(*shade, hue + turn), colour(*ink, hue)
        print("    [" + ", ".join(row) + "],")
