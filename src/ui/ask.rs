//! Buttons that ask for something.

use eframe::egui::Ui;

use super::action::Action;

pub trait Ask {
    fn ask(&mut self, title: &str, action: impl Into<Action>, actions: &mut Vec<Action>);
    /// The same in a menu, which it closes.
    fn menu_ask(&mut self, title: &str, action: impl Into<Action>, actions: &mut Vec<Action>);
}

impl Ask for Ui {
    fn ask(&mut self, title: &str, action: impl Into<Action>, actions: &mut Vec<Action>) {
        if self.button(title).clicked() {
            actions.push(action.into());
        }
    }

    fn menu_ask(&mut self, title: &str, action: impl Into<Action>, actions: &mut Vec<Action>) {
        if self.button(title).clicked() {
            actions.push(action.into());
            self.close();
        }
    }
}
