/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init/image.h - caisson-init as the ENTRYPOINT of an image.
 */
#ifndef CAISSON_INIT_IMAGE_H
#define CAISSON_INIT_IMAGE_H

#include <stdint.h>

/* All signals are blocked; `mask` is the mask from before. Returns what to exit with. */
int image_main(char *const argv[], uint64_t mask);

#endif
