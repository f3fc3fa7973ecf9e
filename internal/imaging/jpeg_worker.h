#ifndef SIGHTLINE_JPEG_WORKER_H
#define SIGHTLINE_JPEG_WORKER_H

#include <stdint.h>

#include "jpeg_turbo.h"

/* What is to be decoded: the parameters of a job of package fence. */
struct sl_jpeg_job {
	int32_t scale, colours, width, height, components;
};

/* What became of it: the result of such a job. */
struct sl_jpeg_result {
	int32_t code; /* what sl_jpeg_decode returned */
	struct sl_jpeg_report report;
};

/*
 * Gives up, for ever, all that decoding does not need, and returns what the system has let it
 * give up: bits of fence.Walls.
 */
uint32_t sl_confine(void);

#endif
