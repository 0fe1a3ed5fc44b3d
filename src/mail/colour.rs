//! The colour of the product, and what can be read on it.

use std::fmt;

/// An sRGB colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour([u8; 3]);

impl Colour {
    pub const BLACK: Self = Self([0; 3]);
    pub const WHITE: Self = Self([255; 3]);

    /// Of red, green and blue.
    #[must_use]
    pub const fn of_bytes(bytes: [u8; 3]) -> Self {
        Self(bytes)
    }

    /// Reads `#rrggbb`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
        is_hex.then_some(Self([red, green, blue]))
    }

    /// Black or white, whichever is easier to read on this colour. One of them always has the
    /// contrast of 4.5 that WCAG 2.2 asks for (1.4.3).
    #[must_use]
    pub fn text(self) -> Self {
        if self.contrast(Self::WHITE) >= self.contrast(Self::BLACK) {
            Self::WHITE
        } else {
            Self::BLACK
        }
    }

    /// The contrast of two colours, from 1 to 21 (WCAG 2.2).
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance(), other.luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// Relative luminance (WCAG 2.2).
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("#1f5fbf", Colour::WHITE)]
    #[case("#000000", Colour::WHITE)]
    #[case("#FFEB3B", Colour::BLACK)]
    #[case("#ffffff", Colour::BLACK)]
    fn a_button_can_be_read(#[case] colour: &str, #[case] text: Colour) {
        let parsed = Colour::parse(colour).expect("a colour");
        assert_eq!(parsed.text(), text);
        assert_eq!(parsed.to_string(), colour.to_lowercase());
    }

    #[rstest]
    fn what_is_no_colour_is_refused(
        #[values(
            "",
            "#",
            "#fff",
            "1f5fbf",
            "#1f5fbf0",
            "#1f5fb\u{e9}",
            "#+f5fbf",
            "red",
            "#1f5fbg"
        )]
        text: &str,
    ) {
        assert_eq!(Colour::parse(text), None);
    }

    proptest! {
        #[test]
        fn the_text_on_any_colour_has_the_contrast_of_wcag(parts: [u8; 3]) {
            let colour = Colour(parts);
            prop_assert!(colour.contrast(colour.text()) >= 4.5);
        }
    }
}
