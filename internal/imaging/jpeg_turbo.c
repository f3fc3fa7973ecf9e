//go:build cgo && !nolibjpeg

#include "jpeg_turbo.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

/* A progressive file may repeat its scans; nobody needs more than this. */
#define MAX_SCANS 500

/* Rows that one call of jpeg_read_scanlines may fill. */
#define ROWS 8

struct decoder {
	struct jpeg_decompress_struct jpeg; /* first: its address is the decoder's */
	struct jpeg_error_mgr errors;
	struct jpeg_source_mgr source;
	struct jpeg_progress_mgr progress;
	jmp_buf failed;
	char *message;
};

/* Replaces libjpeg's exit(). */
static void on_error(j_common_ptr jpeg)
{
	struct decoder *d = (struct decoder *)jpeg;
	jpeg->err->format_message(jpeg, d->message);
	longjmp(d->failed, 1);
}

/* Warnings and traces go nowhere: Pillow ignores them too. */
static void on_message(j_common_ptr jpeg, int level)
{
	(void)jpeg;
	(void)level;
}

static void on_progress(j_common_ptr jpeg)
{
	struct decoder *d = (struct decoder *)jpeg;
	if (d->jpeg.input_scan_number > MAX_SCANS) {
		strcpy(d->message, "too many scans");
		longjmp(d->failed, 1);
	}
}

static void init_source(j_decompress_ptr jpeg)
{
	(void)jpeg;
}

/*
 * The data is all there from the start, so asking for more means that it was cut.
 * FALSE suspends the decoder, which its callers below see as truncation; libjpeg's
 * own memory source would invent an end marker and grey pixels instead.
 */
static boolean fill_buffer(j_decompress_ptr jpeg)
{
	(void)jpeg;
	return FALSE;
}

static void skip_data(j_decompress_ptr jpeg, long n)
{
	struct jpeg_source_mgr *source = jpeg->src;
	size_t skip = n > 0 ? (size_t)n : 0;
	if (skip > source->bytes_in_buffer)
		skip = source->bytes_in_buffer;
	source->next_input_byte += skip;
	source->bytes_in_buffer -= skip;
}

/*
 * Adobe writes CMYK inverted and nearly every file with four components comes
 * from there, so all are read so, as in Pillow. The arithmetic is cmykRow's.
 */
static void rgb_from_inverted_cmyk(uint8_t *out, const uint8_t *in, int width)
{
	for (int x = 0; x < width; x++, in += 4, out += 3) {
		unsigned white = in[3];
		for (int i = 0; i < 3; i++) {
			unsigned t = (255u - in[i]) * white + 128;
			out[i] = (uint8_t)(white - (((t >> 8) + t) >> 8));
		}
	}
}

static int read_rgb(struct decoder *d, uint8_t *pixels, size_t stride)
{
	struct jpeg_decompress_struct *jpeg = &d->jpeg;
	JSAMPROW rows[ROWS];
	while (jpeg->output_scanline < jpeg->output_height) {
		JDIMENSION n = jpeg->output_height - jpeg->output_scanline;
		if (n > ROWS)
			n = ROWS;
		for (JDIMENSION i = 0; i < n; i++)
			rows[i] = pixels + (jpeg->output_scanline + i) * stride;
		if (jpeg_read_scanlines(jpeg, rows, n) == 0)
			return SL_JPEG_TRUNCATED;
	}
	return SL_JPEG_OK;
}

static int read_cmyk(struct decoder *d, uint8_t *pixels, size_t stride)
{
	struct jpeg_decompress_struct *jpeg = &d->jpeg;
	JSAMPARRAY row = jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE,
	                                         4 * jpeg->output_width, 1);
	while (jpeg->output_scanline < jpeg->output_height) {
		uint8_t *out = pixels + jpeg->output_scanline * stride;
		if (jpeg_read_scanlines(jpeg, row, 1) == 0)
			return SL_JPEG_TRUNCATED;
		rgb_from_inverted_cmyk(out, row[0], (int)jpeg->output_width);
	}
	return SL_JPEG_OK;
}

static int decode(struct decoder *d, int denominator, uint8_t *pixels, int width, int height)
{
	struct jpeg_decompress_struct *jpeg = &d->jpeg;
	int four;

	jpeg_create_decompress(jpeg);
	jpeg->src = &d->source;
	jpeg->progress = &d->progress;
	if (jpeg_read_header(jpeg, TRUE) != JPEG_HEADER_OK)
		return SL_JPEG_TRUNCATED;
	four = jpeg->num_components == 4;
	jpeg->out_color_space = four ? JCS_CMYK : JCS_RGB;
	jpeg->scale_num = 1;
	jpeg->scale_denom = (unsigned)denominator;
	/* Stated, though both are the defaults: Pillow's pixels depend on them. */
	jpeg->dct_method = JDCT_ISLOW;
	jpeg->do_fancy_upsampling = TRUE;

	jpeg_calc_output_dimensions(jpeg);
	if (jpeg->output_width != (JDIMENSION)width || jpeg->output_height != (JDIMENSION)height)
		return SL_JPEG_SIZE;
	if (!jpeg_start_decompress(jpeg))
		return SL_JPEG_TRUNCATED;
	return (four ? read_cmyk : read_rgb)(d, pixels, 3 * (size_t)width);
}

int sl_jpeg_decode(const uint8_t *data, size_t size, int denominator,
                   uint8_t *pixels, int width, int height, char *message)
{
	struct decoder d;
	int result;

	memset(&d, 0, sizeof d);
	d.message = message;
	d.jpeg.err = jpeg_std_error(&d.errors);
	d.errors.error_exit = on_error;
	d.errors.emit_message = on_message;
	d.progress.progress_monitor = on_progress;
	d.source.next_input_byte = data;
	d.source.bytes_in_buffer = size;
	d.source.init_source = init_source;
	d.source.fill_input_buffer = fill_buffer;
	d.source.skip_input_data = skip_data;
	d.source.resync_to_restart = jpeg_resync_to_restart;
	d.source.term_source = init_source;

	if (setjmp(d.failed)) {
		jpeg_destroy_decompress(&d.jpeg);
		return SL_JPEG_ERROR;
	}
	result = decode(&d, denominator, pixels, width, height);
	jpeg_destroy_decompress(&d.jpeg);
	return result;
}
