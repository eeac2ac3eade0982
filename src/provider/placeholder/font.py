"""Makes bold.ttf and regular.ttf from Inter's variable font (Debian: fonts-inter-variable; v3.019, SIL OFL 1.1).

    pip install fonttools==4.68.0 skia-pathops==0.9.2
    python font.py /usr/share/fonts/truetype/inter-vf/Inter-roman.var.ttf

Inter has no Reserved Font Name; the subset is renamed all the same, for it is not Inter as its authors publish it.
The pairs of basic Latin that GPOS kerns go into an old-style `kern` table, a fifth of the size. A new font changes
every placeholder ever drawn, so this is not run again without a reason.
"""
import sys
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.tables._k_e_r_n import KernTable_format_0
from fontTools.varLib.instancer import OverlapMode, instantiateVariableFont

LETTERS = [
    (0x20, 0x7E), (0xA0, 0x17F), (0x218, 0x21B), (0x384, 0x3CE), (0x400, 0x45F), (0x490, 0x491), (0x1E9E, 0x1E9E),
    (0x2010, 0x2026), (0x2030, 0x2030), (0x2032, 0x2033), (0x2039, 0x203A), (0x20AC, 0x20AC), (0x2116, 0x2116),
    (0x2122, 0x2122), (0x2190, 0x2193), (0x2212, 0x2212), (0x2248, 0x2248), (0x2260, 0x2260), (0x2264, 0x2265),
]


def kerning(font):
    """What GPOS's `kern` feature adds between two printable ASCII characters"""
    glyphs = {font.getBestCmap()[code] for code in range(0x21, 0x7F)}
    gpos, pairs = font["GPOS"].table, {}
    wanted = {i for r in gpos.FeatureList.FeatureRecord if r.FeatureTag == "kern" for i in r.Feature.LookupListIndex}
    for lookup in (gpos.LookupList.Lookup[index] for index in sorted(wanted)):
        here = {}
        for table in lookup.SubTable:
            table = getattr(table, "ExtSubTable", table)
            for first in (glyph for glyph in table.Coverage.glyphs if glyph in glyphs):
                if table.Format == 1:
                    records = table.PairSet[table.Coverage.glyphs.index(first)].PairValueRecord
                    found = {record.SecondGlyph: record.Value1 for record in records}
                else:
                    rows = table.Class1Record[table.ClassDef1.classDefs.get(first, 0)].Class2Record
                    found = {g: rows[table.ClassDef2.classDefs.get(g, 0)].Value1 for g in glyphs}
                for second, value in found.items():
                    here.setdefault((first, second), getattr(value, "XAdvance", 0) if value else 0)
        pairs |= {pair: value for pair, value in here.items() if pair[1] in glyphs}
    return {pair: value for pair, value in pairs.items() if abs(value) >= 40}


def make(source, weight, file):
    font = instantiateVariableFont(TTFont(source), {"wght": weight}, overlap=OverlapMode.REMOVE)
    pairs = kerning(font)
    options = Options()
    options.hinting, options.glyph_names, options.notdef_outline, options.layout_features = False, False, False, []
    options.drop_tables += ["GPOS", "GSUB", "GDEF", "STAT", "DSIG", "prep", "gasp"]
    options.name_IDs = [0, 13, 14]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[code for first, last in LETTERS for code in range(first, last + 1)])
    subsetter.subset(font)
    for identity, text in [(1, "Tintype Sans"), (2, file.title()), (4, f"Tintype Sans {file}"), (6, f"TintypeSans-{file}")]:
        font["name"].setName(text, identity, 3, 1, 0x409)
    subtable = KernTable_format_0()
    subtable.coverage, subtable.tupleIndex, subtable.apple, subtable.kernTable = 1, None, False, pairs
    font["kern"] = newTable("kern")
    font["kern"].version, font["kern"].kernTables = 0, [subtable]
    font["head"].modified = font["head"].created
    font.recalcTimestamp = False
    font.save(f"{file}.ttf")


make(sys.argv[1], 450, "regular")
make(sys.argv[1], 700, "bold")
