//! JPEG XL to 8-bit RGB rows, for a host that hands over a file's bytes.
//!
//! One instance decodes one file: `reserve`, `open`, `render`, then `row` once for
//! each row. Every function but `reserve` gives 0 for success; `message` and
//! `message_len` then say what went wrong otherwise, also after a panic.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr::addr_of_mut;

use jxl_oxide::image::ExtraChannelType;
use jxl_oxide::{AllocTracker, EnumColourEncoding, ImageStream, JxlImage, RenderingIntent};

#[link(wasm_import_module = "host")]
extern "C" {
    /// Not 0 when the host waits no longer.
    fn expired() -> i32;
}

/// Asks the host now and then whether to go on. A decoder allocates for every frame,
/// group and filter, so this ends what takes too long, and costs nothing, unlike
/// checks in every loop that the host would put in.
struct Watched;

static mut ALLOCATIONS: u32 = 0;

impl Watched {
    unsafe fn watch(size: usize) {
        ALLOCATIONS = ALLOCATIONS.wrapping_add(1);
        if (ALLOCATIONS % 64 == 0 || size > 1 << 16) && expired() != 0 {
            core::arch::wasm32::unreachable();
        }
    }
}

unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Watched::watch(layout.size());
        System.alloc(layout)
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Watched::watch(layout.size());
        System.alloc_zeroed(layout)
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Watched::watch(size);
        System.realloc(at, layout, size)
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        System.dealloc(at, layout)
    }
}

#[global_allocator]
static WATCHED: Watched = Watched;

struct State {
    input: Vec<u8>,
    image: Option<JxlImage>,
    stream: Option<ImageStream<'static>>,
    has_alpha: bool,
    premultiplied: bool,
    samples: Vec<f32>,
    row: Vec<u8>,
    icc: Vec<u8>,
    message: String,
}

static mut STATE: State = State {
    input: Vec::new(),
    image: None,
    stream: None,
    has_alpha: false,
    premultiplied: false,
    samples: Vec::new(),
    row: Vec::new(),
    icc: Vec::new(),
    message: String::new(),
};

/// The module has one thread, and the host calls one function at a time.
fn state() -> &'static mut State {
    unsafe { &mut *addr_of_mut!(STATE) }
}

fn fail(message: impl std::fmt::Display) -> i32 {
    state().message = message.to_string();
    1
}

/// Makes room for a file of `len` bytes and tells where it goes.
#[no_mangle]
pub extern "C" fn reserve(len: usize) -> *mut u8 {
    std::panic::set_hook(Box::new(|info| {
        let what = info
            .payload()
            .downcast_ref::<&str>()
            .map(|s| s.to_string())
            .or_else(|| info.payload().downcast_ref::<String>().cloned())
            .unwrap_or_default();
        fail(format!("the decoder gave up: {what}"));
    }));
    let s = state();
    s.input = vec![0; len];
    s.input.as_mut_ptr()
}

/// Reads the headers and all frames' tables. `memory` bounds, in bytes, what the
/// decoder may take for pixels.
#[no_mangle]
pub extern "C" fn open(memory: usize) -> i32 {
    let s = state();
    let tracker = AllocTracker::with_limit(memory);
    match JxlImage::builder().alloc_tracker(tracker).read(&s.input[..]) {
        Ok(image) => {
            s.input = Vec::new();
            s.image = Some(image);
            0
        }
        Err(e) => fail(e),
    }
}

/// Renders the first frame that is shown. With `convert` the colours become sRGB,
/// unless they are of an ICC profile, which `icc` then gives: the host has the library
/// for those. Without it they stay as the file has them.
#[no_mangle]
pub extern "C" fn render(convert: i32) -> i32 {
    let s = state();
    let Some(image) = s.image.as_mut() else {
        return fail("no image is open");
    };
    if image.num_loaded_keyframes() == 0 {
        return fail("the file ends before its first picture");
    }
    let metadata = &image.image_header().metadata;
    let grey = metadata.grayscale();
    let of_profile = !metadata.xyb_encoded && metadata.colour_encoding.want_icc();
    for ec in &metadata.ec_info {
        if let ExtraChannelType::Alpha { alpha_associated } = ec.ty {
            s.has_alpha = true;
            s.premultiplied = alpha_associated;
            break;
        }
    }
    if convert != 0 && of_profile {
        s.icc = image.original_icc().unwrap_or_default().to_vec();
    } else if convert != 0 {
        image.request_color_encoding(if grey {
            EnumColourEncoding::gray_srgb(RenderingIntent::Relative)
        } else {
            EnumColourEncoding::srgb(RenderingIntent::Relative)
        });
    }
    match image.render_frame(0) {
        Ok(render) => {
            // The instance ends with its picture, so nothing is lost by the leak.
            let render: &'static _ = Box::leak(Box::new(render));
            s.stream = Some(render.stream());
            0
        }
        Err(e) => fail(e),
    }
}

/// The width and height of what `render` made, upright.
#[no_mangle]
pub extern "C" fn width() -> u32 {
    state().stream.as_ref().map_or(0, |s| s.width())
}

#[no_mangle]
pub extern "C" fn height() -> u32 {
    state().stream.as_ref().map_or(0, |s| s.height())
}

/// The next row: RGB, 8 bits a sample, on white; null when there is none.
#[no_mangle]
pub extern "C" fn row() -> *const u8 {
    let s = state();
    let Some(stream) = s.stream.as_mut() else {
        return std::ptr::null();
    };
    let (width, channels) = (stream.width() as usize, stream.channels() as usize);
    s.samples.resize(width * channels, 0.0);
    s.row.resize(width * 3, 0);
    if stream.write_to_buffer(&mut s.samples[..]) != width * channels {
        return std::ptr::null();
    }
    let colours = if s.has_alpha { channels - 1 } else { channels };
    for (out, px) in s.row.chunks_exact_mut(3).zip(s.samples.chunks_exact(channels)) {
        // What is left of CMYK is of inks that cover nothing at 1.
        let mut rgb = match colours {
            1 | 2 => [px[0]; 3],
            3 => [px[0], px[1], px[2]],
            _ => [px[0] * px[3], px[1] * px[3], px[2] * px[3]],
        };
        if s.has_alpha {
            let alpha = px[channels - 1].clamp(0.0, 1.0);
            for v in &mut rgb {
                let over = if s.premultiplied { *v } else { v.clamp(0.0, 1.0) * alpha };
                *v = over + 1.0 - alpha;
            }
        }
        for (o, v) in out.iter_mut().zip(rgb) {
            // A NaN becomes 0.
            *o = (v.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
        }
    }
    s.row.as_ptr()
}

/// The profile of the rows, of no length if they are sRGB or stay as they are.
#[no_mangle]
pub extern "C" fn icc() -> *const u8 {
    state().icc.as_ptr()
}

#[no_mangle]
pub extern "C" fn icc_len() -> usize {
    state().icc.len()
}

/// What went wrong last, in UTF-8.
#[no_mangle]
pub extern "C" fn message() -> *const u8 {
    state().message.as_ptr()
}

#[no_mangle]
pub extern "C" fn message_len() -> usize {
    state().message.len()
}
