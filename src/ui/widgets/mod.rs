//! Pieces of the window that know plain data and nothing of the study.

mod axes;
pub mod bars;
mod button;
mod chip;
mod choice;
mod field;
mod fold;
pub mod fuzzy;
pub mod heatmap;
mod methods;
pub mod palette;
mod parameter;
pub mod profile;
mod section;
mod sort_header;
mod submenu;
pub mod text;
pub mod toast;
mod type_ahead;

pub use axes::still_plot;
pub use button::{
    focus_ring, icon_button, icon_button_if, icon_toggle, primary_button, row_ground, segmented,
};
pub use chip::{key_caps, key_caps_width, role_chip};
pub use choice::{Choice, caret, choice, metric_choice};
pub use field::{search_field, text_field};
pub use fold::{fold_toggle, scroll_list};
pub use methods::{methods_menu, methods_ui};
pub use parameter::{ParameterChange, ParameterEditor};
pub use section::{
    banner, card, empty_state, empty_state_with, fact_ui, kinship_fact, points_fact, progress_bar,
    section_heading,
};
pub use sort_header::sort_header;
pub use submenu::submenu;
pub use type_ahead::TypeAhead;
