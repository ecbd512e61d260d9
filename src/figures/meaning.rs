//! What a chart means, in plain sentences, and what must not be read into it.

use crate::study::chart::ChartKind;

const SCATTER: [&str; 4] = [
    "Each point is a merge, or a pair of models, at its two values; with kinship across, relatives stand at the right.",
    "r says how well a straight line describes the points, from −1 to 1; its interval says where r may lie for more merges of this sort, and p how often chance alone gives one as strong.",
    "A robust slope far from the other means that a few points decide the line.",
    "The paper finds that kinship may tell the size of a merge gain and less its sign; its correlations rest on 14 merges that were chosen after they had succeeded.",
];
const STAGNATION: [&str; 4] = [
    "The steps are the best score so far; where they go flat, merging no longer helps.",
    "The dashed line is the kinship among the best: near 1 they are nearly the same model, and their children can hardly differ.",
    "The vertical line stands where both have lasted, by the rule whose numbers you set.",
    "The paper names kinship above 0.9 for this and no exact rule; the threshold was read off finished runs, of which there is one each.",
];
const GAINS: [&str; 4] = [
    "The gain is a merge's average less the mean of its parents' averages: above zero it is better than they are on the whole, not better than the best of them.",
    "Gains that shrink towards zero over the generations are how stagnation shows first.",
    "A large gain often has one weak parent.",
    "The paper takes gains from scores with two decimals and one evaluation each, so that gains of a few hundredths are within the noise.",
];
const MATRIX: [&str; 4] = [
    "Each cell is the kinship of two models: how far their changes from the common base point the same way.",
    "Bright blocks are relatives; merging within a block changes little, and across blocks more, for better or worse.",
    "The diagonal is each model with itself.",
    "In the paper's groups kinship rises from fine-tunes over improving to saturated models; that is a description of 15 models, and not a law.",
];
const LAYERS: [&str; 4] = [
    "The height is how far the numbers of a layer moved, as their root mean square.",
    "Layers that moved much are where two parents can disagree; layers that hardly moved will hardly change in a merge.",
    "Against a parent, a low line means that the child is nearly that parent there.",
    "The paper draws a similar map and does not say what it sums or in which unit, so that the two can be compared in shape alone.",
];
const RUNS: [&str; 4] = [
    "Each line is the best score that a run had reached by a generation.",
    "A run that starts lower and ends higher explored more; compare also how many merges each made.",
    "The value at the end is the average of the best model.",
    "The paper's runs differ by 0.4 points at the end, were made once, and were stopped by hand.",
];
const PAPER: [&str; 4] = [
    "This is a figure of the paper, drawn again from its tables and, where it has none, from readings of its drawings.",
    "The notes say where the paper's own numbers disagree; the printed value is kept.",
    "The same chart of your own models is a click away in the list.",
    "The paper's data are few, chosen by hand and evaluated once; take them as an example, not as a proof.",
];

/// Three sentences on what a chart means, and one on what the paper's data cannot carry.
pub const fn meaning(kind: ChartKind) -> &'static [&'static str] {
    match kind {
        ChartKind::Scatter => &SCATTER,
        ChartKind::Stagnation => &STAGNATION,
        ChartKind::Gains => &GAINS,
        ChartKind::Matrix => &MATRIX,
        ChartKind::Layers => &LAYERS,
        ChartKind::Runs => &RUNS,
        ChartKind::Paper(_) => &PAPER,
    }
}
