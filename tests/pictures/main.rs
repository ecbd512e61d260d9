//! The window as pictures. `UPDATE_SNAPSHOTS=1` accepts new ones; look first.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

#[path = "../common/evolutions.rs"]
mod evolutions;
#[path = "../common/lineages.rs"]
mod lineages;
#[path = "../common/picture.rs"]
mod picture;

mod ui_approval_pictures;
mod ui_canvas_pictures;
mod ui_chart_pictures;
mod ui_evolution_pictures;
mod ui_kinship_pictures;
mod ui_lineage_pictures;
mod ui_merge_pictures;
mod ui_next_pictures;
mod ui_pictures;
