//! The sheet as pixels: 300 dots per inch, in our own faces, on every machine the same.

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::Tree;

use super::ruler::options;
use crate::workbench::Picture;

/// Dots per inch of what is saved.
const DPI: f32 = 300.0;
/// Dots per inch that SVG counts in.
const SVG_DPI: f32 = 96.0;

/// An SVG as PNG that says its resolution.
///
/// # Errors
/// A sentence, if the SVG cannot be read or has no size.
pub fn png(svg: &str) -> Result<Vec<u8>, String> {
    let pixels = drawn(svg)?;
    encoded(pixels.data(), pixels.width(), pixels.height())
}

/// An SVG as a picture in memory.
///
/// # Errors
/// A sentence, if the SVG cannot be read or has no size.
pub fn pixels(svg: &str) -> Result<Picture, String> {
    let pixels = drawn(svg)?;
    let size = [pixels.width() as usize, pixels.height() as usize];
    // The sheet is white and opaque, so that premultiplied colours are plain ones.
    let rgba = pixels.take();
    Ok(Picture { size, rgba })
}

fn drawn(svg: &str) -> Result<Pixmap, String> {
    let tree = Tree::from_str(svg, &options())
        .map_err(|error| format!("The picture cannot be drawn: {error}"))?;
    let scale = DPI / SVG_DPI;
    let size = tree.size();
    let (width, height) = (size.width() * scale, size.height() * scale);
    let mut pixels = Pixmap::new(width.round() as u32, height.round() as u32)
        .ok_or("The picture cannot be drawn: it has no size")?;
    // The sheet rarely ends with a whole pixel.
    pixels.fill(Color::WHITE);
    resvg::render(
        &tree,
        Transform::from_scale(scale, scale),
        &mut pixels.as_mut(),
    );
    Ok(pixels)
}

fn encoded(rgba: &[u8], width: u32, height: u32) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let encoder = image::codecs::png::PngEncoder::new(&mut out);
    // The sheet is white and opaque, so that premultiplied colours are plain ones.
    image::ImageEncoder::write_image(
        encoder,
        rgba,
        width,
        height,
        image::ExtendedColorType::Rgba8,
    )
    .map_err(|error| format!("The picture cannot be written: {error}"))?;
    Ok(with_resolution(&out))
}

/// Bytes of a PNG before whatever follows its header: signature and `IHDR`.
const HEADER: usize = 33;

/// The same PNG with a `pHYs` chunk (PNG specification, 11.3.4.3): dots per metre, both ways.
fn with_resolution(png: &[u8]) -> Vec<u8> {
    let per_metre = (DPI / 0.0254).round() as u32;
    let mut chunk = b"pHYs".to_vec();
    chunk.extend(per_metre.to_be_bytes());
    chunk.extend(per_metre.to_be_bytes());
    chunk.push(1);
    let mut out = png[..HEADER.min(png.len())].to_vec();
    out.extend(9u32.to_be_bytes());
    out.extend(&chunk);
    out.extend(crc(&chunk).to_be_bytes());
    out.extend(&png[HEADER.min(png.len())..]);
    out
}

/// The check sum of a PNG chunk (PNG specification, annex D), bit by bit: it is 13 bytes.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_sum_is_that_of_the_specification() {
        // The chunk that ends every PNG.
        assert_eq!(crc(b"IEND"), 0xAE42_6082);
    }

    #[test]
    fn a_centimetre_has_its_dots() {
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"2.54cm\" height=\"1.27cm\"/>";
        let png = png(svg).unwrap();
        let read = image::load_from_memory(&png).unwrap();
        assert_eq!((read.width(), read.height()), (300, 150));
        assert_eq!(&png[37..41], b"pHYs");
        assert_eq!(png[41..45], 11_811u32.to_be_bytes());
    }

    #[test]
    fn what_is_no_picture_is_an_error() {
        assert!(png("<svg").unwrap_err().contains("cannot be drawn"));
    }
}
