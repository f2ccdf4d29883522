/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launch/init_blob.h - the bytes of caisson-init, inside caisson.
 *
 * The build strips caisson-init and embeds it (src/launch/init_blob.S). Read-only, 16-aligned; the size is
 * caisson_init_blob_end - caisson_init_blob. What launches copies it into a sealed memfd.
 */
#ifndef CAISSON_LAUNCH_INIT_BLOB_H
#define CAISSON_LAUNCH_INIT_BLOB_H

extern const unsigned char caisson_init_blob[];
extern const unsigned char caisson_init_blob_end[];

#endif
