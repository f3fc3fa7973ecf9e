//go:build cgo && !nolibjpeg

#include "jpeg_turbo.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

/*
 * A file may repeat its scans, each of which goes over the whole picture: 300 KB of them
 * can take minutes. Progressive encoders write ten or so, the most eager optimisers a
 * few dozen. More than FREE_SCANS are read where scans times pixels stay below
 * SCANNED_PIXELS (about a second, of scans that say nothing), and more than MAX_SCANS never.
 */
#define FREE_SCANS 12
#define MAX_SCANS 200
#define SCANNED_PIXELS 3000000000.0

/* Rows that one call of jpeg_read_scanlines may fill. */
#define ROWS 8

struct decoder {
	struct jpeg_decompress_struct jpeg; /* first: its address is the decoder's */
	struct jpeg_error_mgr errors;
	struct jpeg_source_mgr source;
	struct jpeg_progress_mgr progress;
	jmp_buf failed;
	struct sl_jpeg_report *report;

	struct sl_jpeg_sink *sink;       /* NULL: there is room for all rows */
	size_t room, rows;               /* for so many rows; which are there */

	int decoding;                    /* the header has been read */
	int ended;                       /* the data did, before its end marker */
	int scans;                       /* there were too many */
	int hopeless;                    /* too much is missing for a picture to be shown */
	int cut;                         /* the rest of the only scan is filler */
	JDIMENSION cut_row;              /* from this row of MCUs on */
	double lost_mcus;                /* before that, between restart markers */
	int based[MAX_COMPONENTS];       /* has been seen the base of */
};

/* Replaces libjpeg's exit(). */
static void on_error(j_common_ptr jpeg)
{
	struct decoder *d = (struct decoder *)jpeg;
	jpeg->err->format_message(jpeg, d->report->message);
	longjmp(d->failed, 1);
}

static void tell_loss(struct decoder *d);

/*
 * Called where the decoder goes on with zeros because its data ended, or a marker stands
 * where there should be data. Once in each restart interval, and once in a scan without.
 */
static void on_missing_data(struct decoder *d)
{
	struct jpeg_decompress_struct *jpeg = &d->jpeg;
	if (jpeg_has_multiple_scans(jpeg)) {
		if (d->report->cut_scan == 0)
			d->report->cut_scan = jpeg->input_scan_number;
		if (jpeg->progressive_mode ? jpeg->Ss == 0 && jpeg->Ah == 0
		                           : jpeg->input_iMCU_row < 0.8 * jpeg->total_iMCU_rows)
			d->report->base_gone = 1;
	} else if (jpeg->restart_interval == 0 || jpeg->unread_marker == JPEG_EOI || d->ended) {
		if (!d->cut)
			d->cut_row = jpeg->input_iMCU_row;
		d->cut = 1;
	} else {
		d->lost_mcus += jpeg->restart_interval;
	}
	/* Filling up a picture that is refused would cost time and memory for nothing. */
	tell_loss(d);
	if (d->report->base_gone || d->report->lost > SL_JPEG_MOST_LOST) {
		d->hopeless = 1;
		longjmp(d->failed, 1);
	}
}

/* Warnings and traces are not printed; those that mean damage are counted. */
static void on_message(j_common_ptr jpeg, int level)
{
	struct decoder *d = (struct decoder *)jpeg;
	if (level >= 0)
		return;
	switch (jpeg->err->msg_code) {
	case JWRN_HIT_MARKER:
		on_missing_data(d);
		break;
	case JWRN_HUFF_BAD_CODE:
	case JWRN_ARITH_BAD_CODE:
	case JWRN_MUST_RESYNC:
		d->report->corrupt++;
		break;
	}
}

/* Called before each row of MCUs of a picture in several scans. */
static void on_progress(j_common_ptr common)
{
	struct decoder *d = (struct decoder *)common;
	struct jpeg_decompress_struct *jpeg = &d->jpeg;
	int scan = jpeg->input_scan_number;
	if (scan > MAX_SCANS ||
	    (scan > FREE_SCANS && (double)scan * jpeg->image_width * jpeg->image_height > SCANNED_PIXELS)) {
		d->scans = scan;
		longjmp(d->failed, 1);
	}
	if (jpeg->progressive_mode && jpeg->Ss != 0)
		return;
	for (int i = 0; i < jpeg->comps_in_scan; i++)
		d->based[jpeg->cur_comp_info[i]->component_index] = 1;
}

static void init_source(j_decompress_ptr jpeg)
{
	(void)jpeg;
}

/*
 * The data is all there from the start, so asking for more means that it was cut. An end
 * marker lets the decoder finish with what it has; it warns where that is not enough.
 */
static boolean fill_buffer(j_decompress_ptr jpeg)
{
	static const JOCTET end[2] = {0xff, JPEG_EOI};
	struct decoder *d = (struct decoder *)jpeg;
	int first = !d->ended;
	d->ended = 1;
	/* The arithmetic decoder does not warn: its codes may end before the picture does. */
	if (first && d->decoding && jpeg->arith_code)
		on_missing_data(d);
	jpeg->src->next_input_byte = end;
	jpeg->src->bytes_in_buffer = sizeof end;
	return TRUE;
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
 * from there, so all are read so, as in Pillow. The arithmetic is rgb.CMYK's.
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

/* Makes room for a row, and says how many there is room for. */
static size_t room(struct decoder *d, size_t stride)
{
	if (d->rows == d->room) {
		d->sink->full(d->rows * stride);
		d->rows = 0;
	}
	return d->room - d->rows;
}

/* Reads rows that need no more work. */
static int read_rows(struct decoder *d, uint8_t *pixels, size_t stride)
{
	struct jpeg_decompress_struct *jpeg = &d->jpeg;
	JSAMPROW rows[ROWS];
	while (jpeg->output_scanline < jpeg->output_height) {
		JDIMENSION n = jpeg->output_height - jpeg->output_scanline;
		size_t most = room(d, stride);
		if (n > ROWS)
			n = ROWS;
		if (n > most)
			n = (JDIMENSION)most;
		for (JDIMENSION i = 0; i < n; i++)
			rows[i] = pixels + (d->rows + i) * stride;
		n = jpeg_read_scanlines(jpeg, rows, n);
		if (n == 0)
			return SL_JPEG_TRUNCATED;
		d->rows += n;
	}
	return SL_JPEG_OK;
}

static int read_cmyk(struct decoder *d, uint8_t *pixels, size_t stride)
{
	struct jpeg_decompress_struct *jpeg = &d->jpeg;
	JSAMPARRAY row = jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE,
	                                         4 * jpeg->output_width, 1);
	while (jpeg->output_scanline < jpeg->output_height) {
		(void)room(d, stride);
		if (jpeg_read_scanlines(jpeg, row, 1) == 0)
			return SL_JPEG_TRUNCATED;
		rgb_from_inverted_cmyk(pixels + d->rows * stride, row[0], (int)jpeg->output_width);
		d->rows++;
	}
	return SL_JPEG_OK;
}

/* Says what the components are and are to become. */
static void choose_colours(struct jpeg_decompress_struct *jpeg, int colours)
{
	if (colours == SL_JPEG_RGB) {
		jpeg->out_color_space = jpeg->num_components == 4 ? JCS_CMYK : JCS_RGB;
	} else if (jpeg->num_components == 1) {
		jpeg->jpeg_color_space = jpeg->out_color_space = JCS_GRAYSCALE;
	} else if (colours == SL_JPEG_YCC && jpeg->num_components == 3) {
		jpeg->jpeg_color_space = JCS_YCbCr;
		jpeg->out_color_space = JCS_RGB;
	} else {
		jpeg->jpeg_color_space = jpeg->out_color_space = JCS_UNKNOWN;
	}
}

/* Looks for components of which nothing was there. */
static void tell_base(struct decoder *d)
{
	struct jpeg_decompress_struct *jpeg = &d->jpeg;
	if (!jpeg_has_multiple_scans(jpeg))
		return;
	for (int i = 0; i < jpeg->num_components; i++)
		if (!d->based[i])
			d->report->base_gone = 1;
}

/* Sums up what was missing of a picture in one scan. */
static void tell_loss(struct decoder *d)
{
	struct jpeg_decompress_struct *jpeg = &d->jpeg;
	double rows = jpeg->total_iMCU_rows, lost = 0;
	if (jpeg_has_multiple_scans(jpeg))
		return;
	if (jpeg->MCUs_per_row > 0)
		lost = d->lost_mcus / jpeg->MCUs_per_row;
	if (d->cut)
		lost += rows - d->cut_row;
	if (lost > rows)
		lost = rows;
	d->report->lost = (int)(1000 * lost / rows);
	if (lost > 0 && d->report->lost == 0)
		d->report->lost = 1;
}

static int decode(struct decoder *d, int denominator, int colours,
                  uint8_t *pixels, int width, int height, int components)
{
	struct jpeg_decompress_struct *jpeg = &d->jpeg;
	size_t stride = (size_t)components * (size_t)width;
	int result;

	jpeg_create_decompress(jpeg);
	jpeg->src = &d->source;
	jpeg->progress = &d->progress;
	if (jpeg_read_header(jpeg, TRUE) != JPEG_HEADER_OK)
		return SL_JPEG_TRUNCATED;
	choose_colours(jpeg, colours);
	jpeg->scale_num = 1;
	jpeg->scale_denom = (unsigned)denominator;
	/* Stated, though both are the defaults: Pillow's pixels depend on them. */
	jpeg->dct_method = JDCT_ISLOW;
	jpeg->do_fancy_upsampling = TRUE;

	jpeg_calc_output_dimensions(jpeg);
	if (jpeg->output_width != (JDIMENSION)width || jpeg->output_height != (JDIMENSION)height ||
	    (colours != SL_JPEG_RGB && jpeg->num_components != components))
		return SL_JPEG_SIZE;
	d->decoding = 1;
	if (!jpeg_start_decompress(jpeg))
		return SL_JPEG_TRUNCATED;
	tell_base(d);
	if (d->report->base_gone)
		return SL_JPEG_OK;
	d->room = d->sink ? d->sink->bytes / stride : (size_t)height;
	result = (jpeg->out_color_space == JCS_CMYK ? read_cmyk : read_rows)(d, pixels, stride);
	if (d->sink)
		d->sink->left = d->rows * stride;
	return result;
}

int sl_jpeg_decode(const uint8_t *data, size_t size, int denominator, int colours,
                   uint8_t *pixels, int width, int height, int components,
                   struct sl_jpeg_sink *sink, struct sl_jpeg_report *report)
{
	struct decoder d;
	int result;

	memset(&d, 0, sizeof d);
	d.report = report;
	d.sink = sink;
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
		if (d.hopeless)
			return SL_JPEG_OK; /* which the report takes back */
		if (d.scans > 0)
			return SL_JPEG_SCANS;
		return d.ended ? SL_JPEG_TRUNCATED : SL_JPEG_ERROR;
	}
	result = decode(&d, denominator, colours, pixels, width, height, components);
	jpeg_destroy_decompress(&d.jpeg);
	return result;
}
