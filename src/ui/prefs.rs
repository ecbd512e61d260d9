//! What is remembered of the window between two runs.

use eframe::egui::ThemePreference;
use serde::{Deserialize, Serialize};

use super::action::View;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Prefs {
    pub view: View,
    pub inspector: bool,
    pub theme: ThemePreference,
    pub zoom: f32,
}

impl Default for Prefs {
    fn default() -> Self {
        Self {
            view: View::Models,
            inspector: true,
            theme: ThemePreference::System,
            zoom: 1.0,
        }
    }
}
