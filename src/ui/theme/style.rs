//! The tokens in egui's own terms: spacing, widget visuals, text styles, scroll bars.

use eframe::egui::style::{
    HandleShape, ScrollAnimation, ScrollStyle, Selection, Spacing, TextCursorStyle, WidgetVisuals,
    Widgets,
};
use eframe::egui::{
    Color32, Context, CornerRadius, FontId, Margin, Shadow, Stroke, Style, TextStyle, Theme,
    Visuals, vec2,
};

use super::{ANIMATION_SECS, PAPER, ROW_HEIGHT, Tokens, radius, size};
use crate::ui::fonts;

pub fn apply(ctx: &Context) {
    fonts::install(ctx);
    for theme in [Theme::Light, Theme::Dark] {
        ctx.set_style_of(theme, style(Tokens::for_theme(theme)));
    }
}

pub fn apply_paper(ctx: &Context) {
    apply(ctx);
    ctx.set_style_of(Theme::Light, style(&PAPER));
    ctx.set_theme(Theme::Light);
}

fn style(t: &Tokens) -> Style {
    let mut style = Style {
        visuals: visuals(t),
        spacing: spacing(),
        animation_time: ANIMATION_SECS,
        scroll_animation: ScrollAnimation::duration(ANIMATION_SECS),
        compact_menu_style: true,
        ..Style::default()
    };
    style.text_styles = [
        (TextStyle::Small, FontId::proportional(size::SMALL)),
        (TextStyle::Body, FontId::proportional(size::BODY)),
        (TextStyle::Button, FontId::proportional(size::BODY)),
        (TextStyle::Monospace, FontId::monospace(size::BODY - 1.0)),
        (
            TextStyle::Heading,
            FontId::new(size::HEADING, fonts::semibold()),
        ),
    ]
    .into();
    style.drag_value_text_style = TextStyle::Button;
    style.interaction.selectable_labels = false;
    style.interaction.tooltip_delay = 0.35;
    style.interaction.show_tooltips_only_when_still = true;
    style
}

fn spacing() -> Spacing {
    Spacing {
        item_spacing: vec2(8.0, 8.0),
        window_margin: Margin::same(16),
        menu_margin: Margin::same(6),
        button_padding: vec2(10.0, 4.0),
        indent: 16.0,
        interact_size: vec2(32.0, ROW_HEIGHT),
        slider_width: 160.0,
        slider_rail_height: 4.0,
        combo_width: 96.0,
        icon_width: 16.0,
        icon_width_inner: 10.0,
        icon_spacing: 8.0,
        tooltip_width: 360.0,
        menu_width: 280.0,
        menu_spacing: 4.0,
        combo_height: 320.0,
        scroll: ScrollStyle {
            bar_width: 8.0,
            floating_width: 4.0,
            handle_min_length: 24.0,
            bar_outer_margin: 2.0,
            dormant_handle_opacity: 0.35,
            active_handle_opacity: 0.6,
            interact_handle_opacity: 0.9,
            active_background_opacity: 0.0,
            interact_background_opacity: 0.0,
            ..ScrollStyle::floating()
        },
        ..Spacing::default()
    }
}

fn visuals(t: &Tokens) -> Visuals {
    Visuals {
        weak_text_color: Some(t.text_weak),
        widgets: widgets(t),
        selection: Selection {
            bg_fill: t.selection,
            stroke: Stroke::new(1.0, t.accent_text),
        },
        hyperlink_color: t.accent_text,
        faint_bg_color: t.panel,
        extreme_bg_color: t.field,
        text_edit_bg_color: Some(t.field),
        code_bg_color: t.panel,
        warn_fg_color: t.warning,
        error_fg_color: t.error,
        window_corner_radius: CornerRadius::same(radius::CARD),
        menu_corner_radius: CornerRadius::same(radius::CARD),
        window_shadow: shadow(t, 12, 32),
        popup_shadow: shadow(t, 4, 16),
        window_fill: t.raised,
        window_stroke: Stroke::new(1.0, t.line),
        window_highlight_topmost: false,
        panel_fill: t.background,
        text_cursor: TextCursorStyle {
            stroke: Stroke::new(1.5, t.accent),
            // A blinking cursor would repaint for ever.
            blink: false,
            ..TextCursorStyle::default()
        },
        indent_has_left_vline: false,
        striped: false,
        slider_trailing_fill: true,
        handle_shape: HandleShape::Rect { aspect_ratio: 0.4 },
        disabled_alpha: 0.45,
        ..Theme::from_dark_mode(t.dark).default_visuals()
    }
}

fn shadow(t: &Tokens, down: i8, blur: u8) -> Shadow {
    Shadow {
        offset: [0, down],
        blur,
        spread: 0,
        color: t.shadow,
    }
}

/// A focused widget is drawn as `active`, so its outline is the focus ring.
fn widgets(t: &Tokens) -> Widgets {
    let control = |fill: Color32, outline: Stroke, text: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: outline,
        fg_stroke: Stroke::new(1.5, text),
        corner_radius: CornerRadius::same(radius::CONTROL),
        expansion: 0.0,
    };
    let thin = |color| Stroke::new(1.0, color);
    Widgets {
        noninteractive: WidgetVisuals {
            fg_stroke: thin(t.text),
            ..control(t.panel, thin(t.line), t.text)
        },
        inactive: WidgetVisuals {
            // Checkbox and slider rail.
            bg_fill: if t.dark { t.hover } else { t.line },
            ..control(t.control, thin(t.line), t.text)
        },
        hovered: control(t.hover, thin(t.line_strong), t.text),
        active: control(t.hover, Stroke::new(2.0, t.accent), t.text),
        open: control(t.hover, thin(t.line_strong), t.text),
    }
}
