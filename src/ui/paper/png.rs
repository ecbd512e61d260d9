//! Pixels as a PNG file that says how large it is in print.

use image::RgbaImage;
use png::{BitDepth, ColorType, Encoder, EncodingError, PixelDimensions, Unit};

/// The file.
///
/// # Errors
/// A sentence, if the picture has no pixels.
pub fn encode(picture: &RgbaImage, dots_per_inch: f32) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let written = write(picture, dots_per_inch, &mut out);
    let sentence = |error| format!("The picture cannot be written: {error}");
    written.map(|()| out).map_err(sentence)
}

fn write(picture: &RgbaImage, dots_per_inch: f32, out: &mut Vec<u8>) -> Result<(), EncodingError> {
    let mut encoder = Encoder::new(out, picture.width(), picture.height());
    encoder.set_color(ColorType::Rgba);
    encoder.set_depth(BitDepth::Eight);
    let per_metre = (dots_per_inch / 0.0254).round() as u32;
    encoder.set_pixel_dims(Some(PixelDimensions {
        xppu: per_metre,
        yppu: per_metre,
        unit: Unit::Meter,
    }));
    encoder.write_header()?.write_image_data(picture)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_its_resolution() {
        let png = encode(&RgbaImage::new(3, 2), 300.0).unwrap();
        let reader = png::Decoder::new(std::io::Cursor::new(&png)).read_info();
        let dims = reader.unwrap().info().pixel_dims.unwrap();
        assert_eq!(
            (dims.xppu, dims.yppu, dims.unit),
            (11_811, 11_811, Unit::Meter)
        );
        let read = image::load_from_memory(&png).unwrap();
        assert_eq!((read.width(), read.height()), (3, 2));
    }

    #[test]
    fn a_picture_without_pixels_is_an_error() {
        let error = encode(&RgbaImage::new(0, 0), 300.0).unwrap_err();
        assert!(error.contains("cannot be written"), "{error}");
    }
}
