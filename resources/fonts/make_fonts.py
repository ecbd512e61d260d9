"""Make KinfolkSans-{Regular,SemiBold}.otf from Inter: tabular digits, a UI subset, another name.

egui cannot switch OpenType features on, so the `tnum` digits are put where the default ones were.
Run with fontTools 4.x beside an unpacked Debian package fonts-inter; see PROVENANCE.md.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

RANGES = [
    (0x20, 0x7E), (0xA0, 0x17F), (0x192, 0x192), (0x1CD, 0x1DC), (0x218, 0x21B), (0x2B0, 0x2DD),
    (0x300, 0x30C), (0x370, 0x3FF), (0x400, 0x45F), (0x490, 0x493), (0x1E80, 0x1E9E), (0x1EA0, 0x1EF9),
    (0x2000, 0x206F), (0x2070, 0x209F), (0x20A0, 0x20BF), (0x2100, 0x214F), (0x2150, 0x215F),
    (0x2190, 0x21FF), (0x2200, 0x22FF), (0x2300, 0x23FF), (0x25A0, 0x25FF), (0x2713, 0x2717),
]


def tabular_digits(font):
    """Point the digits of every cmap at their `tnum` alternates."""
    gsub = font["GSUB"].table
    lookups = {
        i
        for record in gsub.FeatureList.FeatureRecord
        if record.FeatureTag == "tnum"
        for i in record.Feature.LookupListIndex
    }
    alternates = {}
    for i in lookups:
        for table in gsub.LookupList.Lookup[i].SubTable:
            alternates.update(getattr(table, "ExtSubTable", table).mapping)
    for table in font["cmap"].tables:
        for code in range(0x30, 0x3A):
            # Subtables may be one shared object, so a digit may be changed already.
            table.cmap[code] = alternates.get(table.cmap[code], table.cmap[code])


def rename(font, style):
    """Give the changed font a name of its own; copyright and licence entries stay."""
    names = {
        1: "Kinfolk Sans" if style == "Regular" else f"Kinfolk Sans {style}",
        2: "Regular",
        3: f"KinfolkSans-{style}:from Inter 3.019",
        4: f"Kinfolk Sans {style}",
        6: f"KinfolkSans-{style}",
        16: "Kinfolk Sans",
        17: style,
    }
    table = font["name"]
    table.names = [n for n in table.names if n.nameID in (0, 8, 9, 11, 12, 13, 14)]
    for name_id, text in names.items():
        table.setName(text, name_id, 3, 1, 0x409)
    cff = font["CFF "].cff
    cff.fontNames = [names[6]]
    cff.topDictIndex[0].FullName = names[4]
    cff.topDictIndex[0].FamilyName = names[16]


def make(source, style, target):
    font = TTFont(source)
    tabular_digits(font)
    options = subset.Options()
    options.name_IDs = ["*"]
    # `calt` would turn the x of 8x7B into a multiplication sign, so only what places marks
    # and kerns letters is kept.
    options.layout_features = ["kern", "mark", "mkmk", "ccmp"]
    options.desubroutinize = False
    options.hinting = True
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[c for low, high in RANGES for c in range(low, high + 1)])
    subsetter.subset(font)
    rename(font, style)
    font.save(target)


if __name__ == "__main__":
    inter = Path(sys.argv[1])
    here = Path(__file__).parent
    for style in ("Regular", "SemiBold"):
        make(inter / f"Inter-{style}.otf", style, here / f"KinfolkSans-{style}.otf")
